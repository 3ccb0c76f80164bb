package dev.tidemill.model.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.pytorch.jni.IValue;
import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.Fixture;
import dev.tidemill.model.LoraConfig;
import dev.tidemill.model.TinyModel;
import dev.tidemill.model.program.DecoderProgram;
import dev.tidemill.model.program.Rope;
import dev.tidemill.model.program.TensorMap;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/// What stands beside an example in a row, or in another part of a batch, changes nothing.
class PackedTest {
  @TempDir Path folder;

  @ParameterizedTest
  @FieldSource("dev.tidemill.model.Fixture#FAMILIES")
  void packedLossesEqualThoseOfEachAlone(String family) {
    List<TrainingExample> examples = new ArrayList<>();
    int[] lengths = {129, 3, 40, 17, 64, 2, 90, 33, 128, 21, 9};
    for (int i = 0; i < lengths.length; i++) {
      examples.add(example(lengths[i], lengths[i] / 3, i));
    }
    try (BaseModel base = BaseModel.load(Fixture.of(family).copyBase(folder.resolve("base")))) {
      Batch all = new Batch(examples, base.config());
      // Less than half of what padding to the longest takes.
      assertThat(all.positions()).isLessThan(lengths.length * 128 / 2);
      float[] packed = losses(base, all);
      for (int i = 0; i < lengths.length; i++) {
        float alone = losses(base, new Batch(List.of(examples.get(i)), base.config()))[0];
        int labels = examples.get(i).labelledTokens();
        assertThat((double) packed[i] / labels).isCloseTo(alone / labels, within(1e-5));
      }
    }
  }

  @ParameterizedTest
  @FieldSource("dev.tidemill.model.Fixture#FAMILIES")
  void answersThatShareTheirPromptScoreAsIfEachHadItsOwn(String family) {
    List<PreferencePair> pairs = new ArrayList<>();
    List<TrainingExample> answers = new ArrayList<>();
    int[][] shapes = {{30, 10, 20}, {1, 5, 5}, {60, 30, 2}, {12, 40, 25}};
    for (int[] shape : shapes) {
      int[] prompt = new Random(shape[0]).ints(shape[0], 5, 320).toArray();
      pairs.add(new PreferencePair(answer(prompt, shape[1], 1), answer(prompt, shape[2], 2)));
    }
    pairs.forEach(pair -> answers.add(pair.chosen()));
    pairs.forEach(pair -> answers.add(pair.rejected()));
    try (BaseModel base = BaseModel.load(Fixture.of(family).copyBase(folder.resolve("base")))) {
      float[] together = losses(base, Batch.ofPairs(pairs, base.config(), 0));
      for (int i = 0; i < answers.size(); i++) {
        float alone = losses(base, new Batch(List.of(answers.get(i)), base.config()))[0];
        int labels = answers.get(i).labelledTokens();
        assertThat((double) together[i] / labels).isCloseTo(alone / labels, within(1e-5));
      }
    }
  }

  /// The products in blocks and the fused kernel, which takes over beyond 1,024 positions, see the
  /// same.
  @Test
  void longSequencesLoseWhatTheirBeginningsLose() {
    DecoderConfig config =
        new DecoderConfig(320, 32, 64, 2, 4, 2, 8, 1e-5, 10_000, 1200, true, 1, 4);
    Path path = folder.resolve("long");
    BaseModel.initialise(path, config, TinyModel.tokenizer(folder), 4);
    try (BaseModel base = BaseModel.load(path)) {
      TrainingExample whole = example(1101, 1, 8);
      for (int length : new int[] {1000, 700, 300, 100}) {
        boolean[] early = new boolean[1101];
        for (int i = 1; i < length; i++) {
          early[i] = true;
        }
        TrainingExample beginning = TrainingExample.text(Arrays.copyOf(whole.tokens(), length));
        float fused =
            losses(base, new Batch(List.of(new TrainingExample(whole.tokens(), early, 1)), config))[
                0];
        float blocks = losses(base, new Batch(List.of(beginning), config))[0];
        assertThat((double) blocks / length).isCloseTo(fused / length, within(1e-5));
      }
    }
  }

  @ParameterizedTest
  @FieldSource("dev.tidemill.model.Fixture#FAMILIES")
  void layersThatAreComputedAgainLearnTheSame(String family) {
    OptimizerConfig optimizer = new OptimizerConfig(0.9, 0.95, 1e-8, 0.1, 1.0, 11);
    try (BaseModel base = BaseModel.load(Fixture.of(family).copyBase(folder.resolve("base")));
        Adapter start = Adapter.initialise(LoraConfig.allLinears(4, 8), base.config(), 3);
        Trainer kept = Trainer.tune(base, start, optimizer, Precision.FP32);
        Trainer again =
            Trainer.tune(base, start, optimizer, Precision.FP32, Activations.RECOMPUTED)) {
      for (int step = 0; step < 6; step++) {
        List<TrainingExample> batch = TinyModel.batch(7, step);
        same(kept.step(batch, 3e-3), again.step(batch, 3e-3));
      }
      assertThat(again.evaluate(TinyModel.batch(5, 9)).lossPerToken())
          .isCloseTo(kept.evaluate(TinyModel.batch(5, 9)).lossPerToken(), within(1e-5));
    }
  }

  @Test
  void aBatchInPartsIsTheSameStep() {
    OptimizerConfig optimizer = new OptimizerConfig(0.9, 0.95, 1e-8, 0.1, 1.0, 11);
    try (BaseModel base = TinyModel.load(folder, true, 21);
        Trainer lora = lora(base, optimizer);
        Trainer loraParts = lora(base, optimizer);
        Trainer full = Trainer.full(base, optimizer, Precision.FP32);
        Trainer fullParts = Trainer.full(base, optimizer, Precision.FP32)) {
      for (int step = 0; step < 5; step++) {
        List<TrainingExample> batch = TinyModel.batch(7, step);
        List<List<TrainingExample>> parts =
            List.of(batch.subList(0, 2), batch.subList(2, 3), batch.subList(3, 7));
        same(lora.step(batch, 3e-3), loraParts.accumulatedStep(parts, 3e-3));
        same(full.step(batch, 3e-3), fullParts.accumulatedStep(parts, 3e-3));
      }
      assertThat(fullParts.steps()).isEqualTo(5);
    }
  }

  @Test
  void rowsHoldEverySequenceOnceAndPadLittle() {
    Random random = new Random(3);
    int[] lengths =
        random.doubles(3000).mapToInt(u -> (int) Math.min(512, 15 + 60 * u / (1.02 - u))).toArray();
    List<Packing.Row> rows = Packing.rows(lengths);
    assertThat(rows.stream().flatMap(row -> row.members().stream()).sorted())
        .containsExactlyElementsOf(IntStream.range(0, lengths.length).boxed().toList());
    assertThat(rows)
        .allSatisfy(
            row ->
                assertThat(row.members().stream().mapToInt(i -> lengths[i]).sum())
                    .isLessThanOrEqualTo(row.width()));
    int positions = rows.stream().mapToInt(Packing.Row::width).sum();
    assertThat((double) IntStream.of(lengths).sum() / positions).isGreaterThan(0.95);
  }

  private static void same(StepResult whole, StepResult parts) {
    assertThat(parts.loss()).isCloseTo(whole.loss(), within(2e-6));
    assertThat(parts.gradientNorm()).isCloseTo(whole.gradientNorm(), within(2e-5));
    assertThat(parts.tokens()).isEqualTo(whole.tokens());
  }

  private static Trainer lora(BaseModel base, OptimizerConfig optimizer) {
    return Trainer.tune(base, LoraConfig.allLinears(4, 8), optimizer, Precision.FP32);
  }

  private static TrainingExample example(int length, int prompt, long seed) {
    int[] tokens = new Random(seed).ints(length, 5, 320).toArray();
    boolean[] labelled = new boolean[length];
    for (int i = Math.max(1, prompt); i < length; i++) {
      labelled[i] = true;
    }
    return new TrainingExample(tokens, labelled, 1);
  }

  private static TrainingExample answer(int[] prompt, int length, long seed) {
    int[] tokens = Arrays.copyOf(prompt, prompt.length + length);
    boolean[] labelled = new boolean[tokens.length];
    Random random = new Random(seed);
    for (int i = prompt.length; i < tokens.length; i++) {
      tokens[i] = 5 + random.nextInt(315);
      labelled[i] = true;
    }
    return new TrainingExample(tokens, labelled, 1);
  }

  private static float[] losses(BaseModel base, Batch batch) {
    try (DecoderProgram program =
            new DecoderProgram(base.config(), DecoderProgram.Training.serving(false));
        Rope rope = new Rope(program);
        IValue none = TensorMap.emptyDictionary()) {
      return batch.sumByRow(Losses.losses(program, rope, batch, base.weights().dictionary(), none));
    }
  }
}
