package dev.tidemill.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.ChatMessage;
import dev.tidemill.model.Engine;
import dev.tidemill.model.FullLogits;
import dev.tidemill.model.LoraConfig;
import dev.tidemill.model.TinyModel;
import dev.tidemill.model.train.OptimizerConfig;
import dev.tidemill.model.train.Precision;
import dev.tidemill.model.train.Trainer;
import dev.tidemill.model.train.TrainingExample;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GeneratorTest {
  private static final SamplingParameters WILD =
      new SamplingParameters(1.0, 0.95, 7, 80, List.of());

  @TempDir Path folder;
  private BaseModel base;
  private Generator generator;

  @BeforeEach
  void load() {
    base = TinyModel.load(folder, false, 21);
    generator = new Generator(base);
  }

  @AfterEach
  void close() {
    generator.close();
    base.close();
  }

  @Test
  void decodingWithTheCacheEqualsTheWholeForward() {
    int[] tokens = new Random(2).ints(100, 5, 320).toArray();
    try (Adapter adapter =
        TinyModel.adapter(folder, base.config(), LoraConfig.allLinears(4, 8), 1)) {
      for (@Nullable Adapter each : new Adapter[] {null, adapter}) {
        float[][] expected = FullLogits.of(base, each, tokens);
        try (DecodeState state = generator.start(Arrays.copyOf(tokens, 10), each)) {
          for (int at = 10; at < tokens.length; at++) {
            assertThat(generator.logits(state)).containsExactly(expected[at - 1], within(1e-4f));
            state.append(tokens[at]);
          }
          assertThat(generator.logits(state)).containsExactly(expected[99], within(1e-4f));
        }
      }
    }
  }

  @Test
  void sequencesWithDifferentAdaptersInterleaveAsIfAlone() {
    LoraConfig lora = LoraConfig.allLinears(4, 8);
    try (Adapter one = TinyModel.adapter(folder, base.config(), lora, 1);
        Adapter two = TinyModel.adapter(folder, base.config(), lora, 2)) {
      List<@Nullable Adapter> adapters = new ArrayList<>();
      adapters.add(null);
      adapters.add(one);
      adapters.add(two);
      adapters.add(one);
      List<int[]> alone = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        try (DecodeState state = generator.start(prompt(i), adapters.get(i))) {
          Sampler sampler = sampler(i);
          for (int step = 0; step < 40 && !state.ended(); step++) {
            generator.next(state, sampler);
          }
          alone.add(state.tokens());
        }
      }
      assertThat(alone.get(1)).isNotEqualTo(alone.get(3));
      List<DecodeState> states = new ArrayList<>();
      List<Sampler> samplers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        states.add(generator.start(prompt(i), adapters.get(i)));
        samplers.add(sampler(i));
      }
      for (int step = 0; step < 40; step++) {
        List<DecodeState> open = new ArrayList<>();
        List<Sampler> theirs = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
          if (!states.get(i).ended()) {
            open.add(states.get(i));
            theirs.add(samplers.get(i));
          }
        }
        generator.nextAll(open, theirs);
      }
      for (int i = 0; i < 4; i++) {
        assertThat(states.get(i).tokens()).isEqualTo(alone.get(i));
        states.get(i).close();
      }
    }
  }

  @Test
  void aSequenceKeepsTheAdapterItStartedWith() {
    LoraConfig lora = LoraConfig.allLinears(4, 8);
    long before = Engine.memory().liveTensors();
    Adapter adapter = TinyModel.adapter(folder, base.config(), lora, 1);
    DecodeState state = generator.start(prompt(0), adapter);
    adapter.close();
    assertThat(generator.next(state, sampler(1))).isBetween(0, 319);
    state.close();
    state.close();
    assertThat(Engine.memory().liveTensors()).isLessThanOrEqualTo(before + 3);
    assertThatThrownBy(() -> generator.start(prompt(0), adapter))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void theSameSeedDrawsTheSameAnswer() {
    String text = generator.generate(prompt(0), null, WILD, piece -> {}).text();
    assertThat(generator.generate(prompt(0), null, WILD, piece -> {}).text()).isEqualTo(text);
    SamplingParameters other = new SamplingParameters(1.0, 0.95, 8, 80, List.of());
    assertThat(generator.generate(prompt(0), null, other, piece -> {}).text()).isNotEqualTo(text);
  }

  @Test
  void piecesAddUpToTheTextAndAStopTextEndsIt() {
    StringBuilder pieces = new StringBuilder();
    Generation whole = generator.generate(prompt(0), null, WILD, pieces::append);
    assertThat(pieces.toString()).isEqualTo(whole.text());
    assertThat(whole.text().length()).isGreaterThan(30);
    String stop = whole.text().substring(12, 15);
    int at = whole.text().indexOf(stop);
    Generation stopped =
        generator.generate(
            prompt(0),
            null,
            new SamplingParameters(1.0, 0.95, 7, 80, List.of(stop, "never in there")),
            piece -> {});
    assertThat(stopped.text()).isEqualTo(whole.text().substring(0, at));
    assertThat(stopped.finish()).isEqualTo(FinishReason.STOP);
  }

  @Test
  void lengthIsBoundedByTheRequestAndByTheModel() {
    Generation three = generator.generate(prompt(0), null, SamplingParameters.greedy(3), p -> {});
    assertThat(three.completionTokens()).isEqualTo(3);
    assertThat(three.finish()).isEqualTo(FinishReason.LENGTH);
    int[] long120 = new Random(1).ints(120, 5, 320).toArray();
    Generation rest = generator.generate(long120, null, SamplingParameters.greedy(99), p -> {});
    assertThat(rest.promptTokens() + rest.completionTokens()).isLessThanOrEqualTo(128);
    assertThatThrownBy(() -> generator.start(new int[0], null)).hasMessageContaining("empty");
    assertThatThrownBy(() -> generator.start(new int[128], null)).hasMessageContaining("127");
    assertThatThrownBy(() -> generator.start(new int[] {320}, null)).hasMessageContaining("320");
  }

  /// Learns two answers by heart, so that what comes out is known to the letter.
  @Test
  void goldenTextOfALearnedAnswer() {
    List<ChatMessage> linger = List.of(ChatMessage.user("linger.ms?"));
    List<ChatMessage> acks = List.of(ChatMessage.user("acks?"));
    List<TrainingExample> examples = new ArrayList<>();
    examples.add(learned(linger, "It waits 5 ms 🌍."));
    examples.add(learned(acks, "all"));
    try (Trainer trainer = Trainer.full(base, OptimizerConfig.defaults(1), Precision.FP32)) {
      for (int i = 0; i < 80; i++) {
        trainer.step(examples, 5e-3);
      }
      trainer.exportBase(folder.resolve("learned"));
    }
    try (BaseModel learned = BaseModel.load(folder.resolve("learned"));
        Generator answers = new Generator(learned)) {
      SamplingParameters greedy = SamplingParameters.greedy(40);
      assertThat(answers.generate(linger, null, greedy)).isEqualTo("It waits 5 ms 🌍.");
      assertThat(answers.generate(acks, null, greedy)).isEqualTo("all");
    }
  }

  @Test
  void decodingLeavesNothingBehind() {
    generator.generate(prompt(0), null, WILD, piece -> {});
    long before = Engine.memory().liveTensors();
    for (int i = 0; i < 10; i++) {
      generator.generate(prompt(i), null, WILD, piece -> {});
    }
    assertThat(Engine.memory().liveTensors()).isEqualTo(before);
  }

  private TrainingExample learned(List<ChatMessage> question, String answer) {
    List<ChatMessage> all = new ArrayList<>(question);
    all.add(ChatMessage.assistant(answer));
    return TrainingExample.chat(base.tokenizer(), all, 1);
  }

  private static int[] prompt(int seed) {
    return new Random(seed).ints(6, 5, 320).toArray();
  }

  private static Sampler sampler(int seed) {
    return new Sampler(new SamplingParameters(1, 1, seed, 50, List.of()));
  }
}
