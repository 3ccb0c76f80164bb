package dev.tidemill.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tidemill.model.generate.DecodeState;
import dev.tidemill.model.generate.Generator;
import dev.tidemill.model.generate.Sampler;
import dev.tidemill.model.generate.SamplingParameters;
import dev.tidemill.model.safetensors.Safetensors;
import dev.tidemill.model.safetensors.Tensor;
import dev.tidemill.model.train.Evaluator;
import dev.tidemill.model.train.OptimizerConfig;
import dev.tidemill.model.train.Precision;
import dev.tidemill.model.train.PreferencePair;
import dev.tidemill.model.train.Trainer;
import dev.tidemill.model.train.TrainingExample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.FieldSource;

/// What every tuning method promises.
class TuningMethodTest {
  private static final OptimizerConfig OPTIMIZER =
      new OptimizerConfig(0.9, 0.95, 1e-8, 0.1, 1.0, 11);

  /// The methods, in the settings that the tests go by.
  enum Method {
    FULL(WeightsConfig.full()),
    LAST_LAYERS(WeightsConfig.lastLayers(1)),
    HEAD(WeightsConfig.head()),
    LORA(new LoraConfig(4, 8, List.of("q_proj", "down_proj"), 0, true)),
    BITFIT(new BitFitConfig()),
    BOTTLENECK(new BottleneckConfig(6, BottleneckConfig.Activation.GELU)),
    PREFIX(new PrefixConfig(5)),
    PROMPT(new PromptConfig(5, ""));

    @SuppressWarnings("ImmutableEnumChecker") // all of them are records
    final TuningMethod tuning;

    Method(TuningMethod tuning) {
      this.tuning = tuning;
    }
  }

  @TempDir Path folder;
  private BaseModel base;

  @BeforeEach
  void load() {
    base = TinyModel.load(folder, true, 21);
  }

  @AfterEach
  void close() {
    base.close();
  }

  /// Two steps move every tensor of the adapter and none of the base; the loss falls; another run
  /// gives the same losses to the bit; what is exported is read again, and judged by an evaluator
  /// as by the trainer.
  @ParameterizedTest
  @EnumSource(Method.class)
  void trainsItsTensorsAndNoOthersTheSameWayEachTime(Method method) throws IOException {
    SortedMap<String, Tensor> before = weights();
    List<TrainingExample> seen = TinyModel.batch(6, 100);
    double[] losses = new double[6];
    try (Trainer trainer = Trainer.tune(base, method.tuning, OPTIMIZER, Precision.FP32)) {
      trainer.exportAdapter(folder.resolve("start"));
      for (int i = 0; i < losses.length; i++) {
        losses[i] = trainer.step(seen, 1e-2).loss();
        assertThat(losses[i]).isLessThan(i == 0 ? 10 : losses[i - 1]);
      }
      trainer.exportAdapter(folder.resolve("end"));
      try (Adapter trained = Adapter.load(folder.resolve("end"), base.config());
          Evaluator evaluator = new Evaluator()) {
        assertThat(evaluator.evaluate(base, trained, seen)).isEqualTo(trainer.evaluate(seen));
      }
    }
    SortedMap<String, Tensor> from =
        Safetensors.read(folder.resolve("start/adapter_model.safetensors"));
    SortedMap<String, Tensor> to =
        Safetensors.read(folder.resolve("end/adapter_model.safetensors"));
    assertThat(to).hasSize(method.tuning.on(base.config()).shapes(base.config()).size());
    to.forEach(
        (name, tensor) ->
            assertThat(tensor.toFloats())
                .as(name)
                .isNotEqualTo(TinyModel.tensor(from, name).toFloats()));
    before.forEach(
        (name, tensor) -> assertThat(base.weight(name).toFloats()).isEqualTo(tensor.toFloats()));
    try (Trainer again = Trainer.tune(base, method.tuning, OPTIMIZER, Precision.FP32)) {
      for (double loss : losses) {
        assertThat(again.step(seen, 1e-2).loss()).isEqualTo(loss);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Method.class)
  void goesOnFromACheckpointToTheBit(Method method) throws IOException {
    try (Trainer trainer = Trainer.tune(base, method.tuning, OPTIMIZER, Precision.BF16)) {
      steps(trainer, 2);
      trainer.saveState(folder.resolve("half"));
      steps(trainer, 2);
      trainer.saveState(folder.resolve("whole"));
    }
    try (Trainer trainer = Trainer.tune(base, method.tuning, OPTIMIZER, Precision.BF16)) {
      trainer.restoreState(folder.resolve("half"));
      steps(trainer, 2);
      trainer.saveState(folder.resolve("resumed"));
    }
    assertSameFiles("whole", "resumed", "trainer.json", "trainer.safetensors");
  }

  @ParameterizedTest
  @EnumSource(Method.class)
  void isSavedAndLoadedAsItWasAndDamageIsNamed(Method method) throws IOException {
    try (Adapter adapter = TinyModel.adapter(folder, base, method.tuning, 3)) {
      adapter.save(folder.resolve("one"));
      try (Adapter again = Adapter.load(folder.resolve("one"), base.config())) {
        assertThat(again.method()).isEqualTo(adapter.method());
        assertThat(Adapter.bytesOf(folder.resolve("one"), base.config()))
            .isEqualTo(again.bytes())
            .isEqualTo(again.method().parameters(base.config()) * 4);
        again.save(folder.resolve("two"));
      }
    }
    assertSameFiles("one", "two", "adapter_config.json", "adapter_model.safetensors");

    Path file = folder.resolve("two/adapter_model.safetensors");
    List<Tensor> good = new ArrayList<>(Safetensors.read(file).values());
    Tensor first = good.removeFirst();
    float[] values = first.toFloats();
    values[values.length - 1] = Float.POSITIVE_INFINITY;
    damaged(good, Tensor.ofFloats(first.name(), first.shape(), values), "not finite");
    damaged(good, Tensor.ofFloats(first.name(), new int[] {3, 1}, 1, 2, 3), "has shape [3, 1]");
    damaged(good, Tensor.ofFloats("odd", first.shape(), first.toFloats()), "is missing");
  }

  /// Each position, by the prompt read at once and by one token at a time, in a batch with others.
  @ParameterizedTest
  @EnumSource(Method.class)
  void servesWhatItTrained(Method method) {
    int[] tokens = TinyModel.batch(1, 8).getFirst().tokens();
    try (Adapter adapter = TinyModel.adapter(folder, base, method.tuning, 3);
        Adapter other = TinyModel.adapter(folder, base.config(), LoraConfig.allLinears(2, 4), 4);
        Generator generator = new Generator(base)) {
      float[][] bare = FullLogits.of(base, null, tokens);
      float[][] whole = FullLogits.of(base, adapter, tokens);
      int last = tokens.length - 1;
      assertThat(whole[last]).isNotEqualTo(bare[last]);
      for (int length = 1; length < tokens.length; length++) {
        try (DecodeState state = generator.start(Arrays.copyOf(tokens, length), adapter)) {
          assertThat(generator.logits(state)).containsExactly(whole[length - 1], within(1e-4f));
        }
      }
      float[][] others = FullLogits.of(base, other, tokens);
      try (DecodeState mine = generator.startScored(tokens, adapter);
          DecodeState its = generator.startScored(tokens, other);
          DecodeState none = generator.startScored(tokens, null)) {
        List<DecodeState> states = List.of(mine, its, none);
        Sampler greedy = new Sampler(SamplingParameters.greedy(4), tokens);
        for (int at = 1; at < tokens.length; at++) {
          generator.nextAll(states, List.of(greedy, greedy, greedy));
          assertThat(generator.logits(mine)).containsExactly(whole[at], within(1e-4f));
          assertThat(generator.logits(its)).containsExactly(others[at], within(1e-4f));
          assertThat(generator.logits(none)).containsExactly(bare[at], within(1e-4f));
        }
      }
    }
  }

  /// Preferences take every method too: the loss begins at log 2, since the reference is the start.
  @ParameterizedTest
  @EnumSource(Method.class)
  void prefersAnswers(Method method) {
    List<PreferencePair> pairs =
        List.of(
            new PreferencePair(TinyModel.batch(1, 1).getFirst(), TinyModel.batch(1, 2).getFirst()));
    try (Trainer trainer = Trainer.tune(base, method.tuning, OPTIMIZER, Precision.FP32)) {
      assertThat(trainer.preferenceStep(pairs, 5e-3, 0.1).loss())
          .isCloseTo(Math.log(2), within(1e-5));
      double last = 1;
      for (int i = 0; i < 5; i++) {
        last = trainer.preferenceStep(pairs, 5e-3, 0.1).loss();
      }
      assertThat(last).isLessThan(0.69);
    }
  }

  /// On every family, windows, learned positions and biases of its own included: with the cache as
  /// without, and through the family's names.
  @ParameterizedTest
  @FieldSource("dev.tidemill.model.Fixture#FAMILIES")
  void suitsEveryFamily(String family) {
    Fixture fixture = Fixture.of(family);
    int[] tokens = Fixture.ints(fixture.expected().path("prompt"));
    try (BaseModel other =
            BaseModel.load(fixture.copyBase(folder.resolve(family)), WeightFormat.FP32);
        Generator generator = new Generator(other)) {
      for (Method method : Method.values()) {
        if (method == Method.LORA) {
          continue; // its targets are called otherwise; FamilyDecodingTest has those
        }
        try (Adapter adapter = TinyModel.adapter(folder, other, method.tuning, 3)) {
          float[][] whole = FullLogits.of(other, adapter, tokens);
          try (DecodeState state = generator.startScored(tokens, adapter)) {
            for (int at = 1; at < tokens.length; at++) {
              generator.next(state, new Sampler(SamplingParameters.greedy(4), tokens));
              assertThat(generator.logits(state))
                  .as("%s %d", method, at)
                  .containsExactly(whole[at], within(2e-4f));
            }
          }
          try (DecodeState state = generator.start(tokens, adapter)) {
            assertThat(generator.logits(state))
                .containsExactly(whole[tokens.length - 1], within(2e-4f));
          }
        }
      }
    }
  }

  /// On a base whose matrices are bf16 in memory, as near to fp32 as those are.
  @ParameterizedTest
  @EnumSource(
      value = Method.class,
      names = "LORA",
      mode = EnumSource.Mode.EXCLUDE) // WeightFormatTest has it
  void servesOnABaseInBf16(Method method) {
    Fixture fixture = Fixture.of("qwen3");
    int[] tokens = Fixture.ints(fixture.expected().path("prompt"));
    Path files = fixture.copyBase(folder.resolve("qwen3"));
    try (BaseModel half = BaseModel.load(files);
        BaseModel single = BaseModel.load(files, WeightFormat.FP32);
        Adapter adapter = Adapter.initialise(method.tuning, half, 3);
        Generator generator = new Generator(half);
        DecodeState read = generator.start(tokens, adapter);
        DecodeState drawn = generator.startScored(tokens, adapter)) {
      assertThat(half.bf16()).isTrue();
      float[] whole = FullLogits.of(single, adapter, tokens)[tokens.length - 1];
      assertThat(generator.logits(read)).containsExactly(whole, within(0.1f));
      for (int at = 1; at < tokens.length; at++) {
        generator.next(drawn, new Sampler(SamplingParameters.greedy(4), tokens));
      }
      assertThat(generator.logits(drawn)).containsExactly(whole, within(0.1f));
    }
  }

  /// All tensors in place of the base's are another base.
  @Test
  void allTensorsReplacedAreAnotherBase() {
    int[] tokens = TinyModel.batch(1, 8).getFirst().tokens();
    List<TrainingExample> batch = TinyModel.batch(6, 100);
    try (Trainer trainer = Trainer.full(base, OPTIMIZER, Precision.BF16);
        Trainer tuner = Trainer.tune(base, WeightsConfig.full(), OPTIMIZER, Precision.BF16)) {
      for (int i = 0; i < 3; i++) {
        assertThat(tuner.step(batch, 1e-2).loss()).isEqualTo(trainer.step(batch, 1e-2).loss());
      }
      trainer.exportBase(folder.resolve("trained"));
      tuner.exportAdapter(folder.resolve("tuned"));
    }
    try (BaseModel trained = BaseModel.load(folder.resolve("trained"));
        Adapter tuned = Adapter.load(folder.resolve("tuned"), base.config())) {
      float[][] want = FullLogits.of(trained, null, tokens);
      float[][] have = FullLogits.of(base, tuned, tokens);
      for (int i = 0; i < tokens.length; i++) {
        assertThat(have[i]).containsExactly(want[i]);
      }
    }
  }

  /// Dropout changes what a step computes, by the seed, and nothing of what is measured.
  @Test
  void dropoutIsForTrainingOnly() {
    List<TrainingExample> batch = TinyModel.batch(6, 100);
    LoraConfig half = new LoraConfig(4, 8, LoraConfig.ALL_LINEARS, 0.5, false);
    Adapter start = TinyModel.adapter(folder, base, half, 3);
    OptimizerConfig otherSeed = new OptimizerConfig(0.9, 0.95, 1e-8, 0.1, 1.0, 12);
    try (start;
        Trainer trainer = Trainer.tune(base, start, OPTIMIZER, Precision.FP32);
        Trainer same = Trainer.tune(base, start, OPTIMIZER, Precision.FP32);
        Trainer other = Trainer.tune(base, start, otherSeed, Precision.FP32)) {
      double measured = trainer.evaluate(batch).lossPerToken();
      assertThat(trainer.evaluate(batch).lossPerToken()).isEqualTo(measured);
      double loss = trainer.step(batch, 1e-3).loss();
      assertThat(loss).isNotCloseTo(measured, within(1e-3));
      assertThat(same.step(batch, 1e-3).loss()).isEqualTo(loss);
      assertThat(other.step(batch, 1e-3).loss()).isNotCloseTo(loss, within(1e-4));
    }
  }

  /// Any linears of any layers: those that are named, whole or by their end.
  @Test
  void lowRankPairsGoWhereTheyAreNamed() {
    LoraConfig some =
        new LoraConfig(2, 4, List.of("model.layers.1.self_attn.q_proj", "up_proj"), 0, false);
    assertThat(some.shapes(base.config()).keySet())
        .containsExactly(
            "model.layers.0.mlp.up_proj.lora_A.weight",
            "model.layers.0.mlp.up_proj.lora_B.weight",
            "model.layers.1.mlp.up_proj.lora_A.weight",
            "model.layers.1.mlp.up_proj.lora_B.weight",
            "model.layers.1.self_attn.q_proj.lora_A.weight",
            "model.layers.1.self_attn.q_proj.lora_B.weight");
  }

  /// A bottleneck and low-rank pairs begin as the bare base; so does the head.
  @Test
  void aFreshDeltaChangesNothing() {
    int[] tokens = TinyModel.batch(1, 8).getFirst().tokens();
    float[][] bare = FullLogits.of(base, null, tokens);
    for (Method method :
        List.of(
            Method.FULL,
            Method.LAST_LAYERS,
            Method.HEAD,
            Method.LORA,
            Method.BITFIT,
            Method.BOTTLENECK)) {
      try (Adapter fresh = Adapter.initialise(method.tuning, base, 1)) {
        assertThat(FullLogits.of(base, fresh, tokens)[3])
            .as("%s", method)
            .containsExactly(bare[3], within(1e-6f));
      }
    }
  }

  /// Virtual tokens that are the embeddings of words do what the words do, and are named so.
  @Test
  void aPromptOfWordsActsAsTheWordsAndNamesThem() {
    int[] words = base.tokenizer().encodeText("The acks setting");
    int[] tokens = TinyModel.batch(1, 8).getFirst().tokens();
    int[] both = Arrays.copyOf(words, words.length + tokens.length);
    System.arraycopy(tokens, 0, both, words.length, tokens.length);
    PromptConfig method = new PromptConfig(words.length, "The acks setting");
    try (Adapter prompt = Adapter.initialise(method, base, 1);
        Trainer trainer = Trainer.tune(base, prompt, OPTIMIZER)) {
      assertThat(FullLogits.of(base, prompt, tokens)[tokens.length - 1])
          .containsExactly(FullLogits.of(base, null, both)[both.length - 1], within(1e-5f));
      trainer.exportAdapter(folder.resolve("prompt"));
    }
    try (Adapter exported = Adapter.load(folder.resolve("prompt"), base.config())) {
      assertThat(exported.method())
          .isInstanceOfSatisfying(
              PromptConfig.class,
              described -> {
                assertThat(described.nearest()).hasSize(words.length);
                for (int i = 0; i < words.length; i++) {
                  assertThat(described.nearest().get(i).getFirst())
                      .isEqualTo(base.tokenizer().decode(new int[] {words[i]}));
                }
              });
    }
  }

  @Test
  void whatDoesNotFitTheBaseIsRefused() {
    assertThatThrownBy(() -> Adapter.initialise(WeightsConfig.lastLayers(3), base, 1))
        .hasMessageContaining("2 layers");
    assertThatThrownBy(() -> Adapter.initialise(new PrefixConfig(127), base, 1))
        .hasMessageContaining("127 virtual tokens")
        .hasMessageContaining("128 positions");
    int[] long123 = new int[123];
    Arrays.fill(long123, 5);
    try (Adapter prefix = Adapter.initialise(new PrefixConfig(5), base, 1);
        Generator generator = new Generator(base);
        Trainer trainer = Trainer.tune(base, prefix, OPTIMIZER)) {
      assertThatThrownBy(() -> generator.start(long123, prefix))
          .hasMessageContaining("at most 122");
      assertThatThrownBy(() -> trainer.step(List.of(TrainingExample.text(new int[125])), 1e-3))
          .hasMessageContaining("at most 123");
    }
  }

  private void damaged(List<Tensor> others, Tensor odd, String why) throws IOException {
    Path file = folder.resolve("two/adapter_model.safetensors");
    List<Tensor> tensors = new ArrayList<>(others);
    tensors.add(odd);
    Files.delete(file);
    Safetensors.write(file, tensors);
    assertThatThrownBy(() -> Adapter.load(folder.resolve("two"), base.config()))
        .isInstanceOf(AdapterFormatException.class)
        .hasMessageContaining("adapter_model.safetensors")
        .hasMessageContaining(why);
  }

  private SortedMap<String, Tensor> weights() {
    return Safetensors.read(folder.resolve("base/model.safetensors"));
  }

  private void assertSameFiles(String one, String other, String... files) throws IOException {
    for (String file : files) {
      assertThat(Files.readAllBytes(folder.resolve(one).resolve(file)))
          .isEqualTo(Files.readAllBytes(folder.resolve(other).resolve(file)));
    }
  }

  private static void steps(Trainer trainer, int steps) {
    for (int i = 0; i < steps; i++) {
      trainer.step(TinyModel.batch(6, 100 + trainer.steps() % 4), 3e-3);
    }
  }
}
