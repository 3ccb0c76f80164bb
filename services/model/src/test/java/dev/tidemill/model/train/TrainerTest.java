package dev.tidemill.model.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.Engine;
import dev.tidemill.model.LoraConfig;
import dev.tidemill.model.TinyModel;
import dev.tidemill.model.safetensors.Safetensors;
import dev.tidemill.model.safetensors.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TrainerTest {
  private static final OptimizerConfig OPTIMIZER =
      new OptimizerConfig(0.9, 0.95, 1e-8, 0.1, 1.0, 11);
  private static final LoraConfig LORA = LoraConfig.allLinears(4, 8);

  private static final double[] GOLDEN_FULL = {
    5.779696, 5.784947, 5.748052, 5.775696, 5.516449, 5.543105, 5.536704, 5.573206, 5.355219,
    5.358426, 5.367352, 5.394938, 5.193461, 5.171463, 5.192694, 5.222651, 5.029879, 4.995058,
    5.013564, 5.038832
  };
  private static final double[] GOLDEN_LORA = {
    5.779696, 5.784501, 5.768733, 5.781033, 5.762274, 5.769641, 5.755141, 5.767978, 5.747557,
    5.754242, 5.740044, 5.751561, 5.730769, 5.737875, 5.725354, 5.736278, 5.716488, 5.722832,
    5.709794, 5.723704
  };

  @TempDir Path folder;
  private BaseModel base;

  enum Kind {
    FULL,
    LORA,
    DROPOUT,
    FULL_BF16
  }

  @BeforeEach
  void load() {
    base = TinyModel.load(folder, true, 21);
  }

  @AfterEach
  void close() {
    base.close();
  }

  /// A change of these numbers is a change of what every trained model becomes: explain it or
  /// undo it.
  @Test
  void goldenLossesOfFullTraining() {
    try (Trainer trainer = Trainer.full(base, OPTIMIZER, Precision.FP32)) {
      assertThat(losses(trainer, 20)).containsExactly(GOLDEN_FULL, within(2e-4));
    }
  }

  @Test
  void goldenLossesOfLowRankTraining() {
    try (Trainer trainer = Trainer.tune(base, LORA, OPTIMIZER, Precision.FP32)) {
      assertThat(losses(trainer, 20)).containsExactly(GOLDEN_LORA, within(2e-4));
    }
  }

  @Test
  void bf16FollowsFp32() {
    try (Trainer fp32 = Trainer.full(base, OPTIMIZER, Precision.FP32);
        Trainer bf16 = Trainer.full(base, OPTIMIZER, Precision.BF16)) {
      assertThat(losses(bf16, 20)).containsExactly(losses(fp32, 20), within(0.02));
    }
  }

  @Test
  void everyParameterMovesAndTheBaseDoesNot() {
    Map<String, Tensor> before = Safetensors.read(folder.resolve("base/model.safetensors"));
    try (Trainer trainer = Trainer.full(base, OPTIMIZER)) {
      losses(trainer, 2);
      trainer.exportBase(folder.resolve("after"));
    }
    Map<String, Tensor> after = Safetensors.read(folder.resolve("after/model.safetensors"));
    assertThat(after.keySet()).isEqualTo(before.keySet());
    after.forEach(
        (name, tensor) ->
            assertThat(tensor.toFloats())
                .as(name)
                .isNotEqualTo(TinyModel.tensor(before, name).toFloats()));
    base.weights()
        .arrays()
        .forEach(
            (name, array) ->
                assertThat(array.toFloatArray())
                    .isEqualTo(TinyModel.tensor(before, name).toFloats()));
  }

  @Test
  void everyAdapterTensorMovesAndTheBaseDoesNot() {
    Map<String, Tensor> before = Safetensors.read(folder.resolve("base/model.safetensors"));
    try (Adapter start = Adapter.initialise(LORA, base.config(), 3);
        Trainer trainer = Trainer.tune(base, start, OPTIMIZER)) {
      start.save(folder.resolve("start"));
      losses(trainer, 3);
      trainer.exportAdapter(folder.resolve("end"));
    }
    Map<String, Tensor> from = Safetensors.read(folder.resolve("start/adapter_model.safetensors"));
    Map<String, Tensor> to = Safetensors.read(folder.resolve("end/adapter_model.safetensors"));
    assertThat(to).hasSize(2 * 7 * 2);
    to.forEach(
        (name, tensor) ->
            assertThat(tensor.toFloats())
                .as(name)
                .isNotEqualTo(TinyModel.tensor(from, name).toFloats()));
    base.weights()
        .arrays()
        .forEach(
            (name, array) ->
                assertThat(array.toFloatArray())
                    .isEqualTo(TinyModel.tensor(before, name).toFloats()));
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void trainingGoesOnFromACheckpointToTheBit(Kind kind) throws IOException {
    Path whole = folder.resolve("whole");
    Path resumed = folder.resolve("resumed");
    Path half = folder.resolve("half");
    try (Trainer trainer = trainer(kind)) {
      losses(trainer, 5);
      trainer.saveState(half);
      losses(trainer, 5);
      trainer.saveState(whole);
    }
    try (Trainer trainer = trainer(kind)) {
      losses(trainer, 1);
      trainer.restoreState(half);
      assertThat(trainer.steps()).isEqualTo(5);
      losses(trainer, 5);
      trainer.saveState(resumed);
    }
    for (String file : List.of("trainer.json", "trainer.safetensors")) {
      assertThat(Files.readAllBytes(resumed.resolve(file)))
          .isEqualTo(Files.readAllBytes(whole.resolve(file)));
    }
  }

  @Test
  void aNonFiniteLossChangesNothing() throws IOException {
    List<Tensor> huge = new ArrayList<>();
    for (Tensor tensor : Safetensors.read(folder.resolve("base/model.safetensors")).values()) {
      float[] values = tensor.toFloats();
      for (int i = 0; i < values.length && tensor.name().equals("model.norm.weight"); i++) {
        values[i] = 3e38f;
      }
      huge.add(Tensor.ofFloats(tensor.name(), tensor.shape(), values));
    }
    Path broken = folder.resolve("broken");
    base.writeWith(broken, huge);
    try (BaseModel bad = BaseModel.load(broken);
        Trainer trainer = Trainer.full(bad, OPTIMIZER, Precision.FP32)) {
      trainer.saveState(folder.resolve("before"));
      assertThatThrownBy(() -> trainer.step(TinyModel.batch(4, 1), 1e-3))
          .isInstanceOf(NonFiniteLossException.class)
          .hasMessageContaining("Training step 0 was refused")
          .hasMessageContaining("the batch of 4 examples with")
          .hasMessageContaining("no finite loss: [1, 2, 3, 4]");
      trainer.saveState(folder.resolve("after"));
    }
    assertThat(Files.readAllBytes(folder.resolve("after/trainer.safetensors")))
        .isEqualTo(Files.readAllBytes(folder.resolve("before/trainer.safetensors")));
  }

  @Test
  void paddingAndOtherExamplesDoNotMatter() {
    List<TrainingExample> batch = TinyModel.batch(5, 4);
    double sum = 0;
    double weights = 0;
    try (Evaluator evaluator = new Evaluator()) {
      for (TrainingExample example : batch) {
        Evaluation alone = evaluator.evaluate(base, null, List.of(example));
        double weight = example.weight() * example.labelledTokens();
        sum += alone.lossPerToken() * weight;
        weights += weight;
      }
      assertThat(evaluator.evaluate(base, null, batch).lossPerToken())
          .isCloseTo(sum / weights, within(1e-5));
    }
    try (Trainer trainer = Trainer.full(base, OPTIMIZER, Precision.FP32)) {
      assertThat(trainer.step(batch, 1e-3).loss()).isCloseTo(sum / weights, within(1e-5));
    }
  }

  @Test
  void evaluationCountsTheBytesOfLabelledText() {
    TrainingExample text =
        TrainingExample.text(base.tokenizer().encode("<|bos|>The acks setting<|end|>"));
    try (Evaluator evaluator = new Evaluator();
        Trainer trainer = Trainer.full(base, OPTIMIZER)) {
      Evaluation evaluation = evaluator.evaluate(base, null, List.of(text));
      assertThat(evaluation.bytes()).isEqualTo("The acks setting".length());
      assertThat(evaluation.tokens()).isEqualTo(text.tokens().length - 1);
      assertThat(evaluation.bitsPerByte())
          .isCloseTo(
              evaluation.lossPerToken() * evaluation.tokens() / Math.log(2) / 16, within(1e-9));
      assertThat(trainer.evaluate(List.of(text))).isEqualTo(evaluation);
    }
  }

  @Test
  void preferencesMoveTheAnswersApart() {
    TrainingExample chosen = TinyModel.batch(1, 1).getFirst();
    TrainingExample rejected = TinyModel.batch(1, 2).getFirst();
    List<PreferencePair> pairs = List.of(new PreferencePair(chosen, rejected));
    try (Trainer trainer = Trainer.tune(base, LORA, OPTIMIZER, Precision.FP32)) {
      double gapBefore =
          trainer.evaluate(List.of(rejected)).lossPerToken()
              - trainer.evaluate(List.of(chosen)).lossPerToken();
      assertThat(trainer.preferenceStep(pairs, 5e-3, 0.1).loss())
          .isCloseTo(Math.log(2), within(1e-5));
      double last = 1;
      for (int i = 0; i < 10; i++) {
        last = trainer.preferenceStep(pairs, 5e-3, 0.1).loss();
      }
      assertThat(last).isLessThan(0.6);
      assertThat(
              trainer.evaluate(List.of(rejected)).lossPerToken()
                  - trainer.evaluate(List.of(chosen)).lossPerToken())
          .isGreaterThan(gapBefore);
    }
  }

  @Test
  void fiveHundredStepsHoldNoMoreMemoryThanFifty() throws IOException {
    try (Trainer full = Trainer.full(base, OPTIMIZER, Precision.FP32);
        Trainer lora = Trainer.tune(base, LORA, OPTIMIZER, Precision.BF16)) {
      List<TrainingExample> batch = TinyModel.batch(4, 1);
      for (int i = 0; i < 25; i++) {
        full.step(batch, 1e-4);
        lora.step(batch, 1e-4);
      }
      long tensors = Engine.memory().liveTensors();
      long resident = residentKilobytes();
      for (int i = 0; i < 225; i++) {
        full.step(batch, 1e-4);
        lora.step(batch, 1e-4);
      }
      assertThat(Engine.memory().liveTensors()).isEqualTo(tensors);
      assertThat(residentKilobytes() - resident).isLessThan(40_000);
    }
  }

  @Test
  void anotherThreadIsRefused() throws InterruptedException {
    try (Trainer trainer = Trainer.full(base, OPTIMIZER)) {
      AtomicReference<Throwable> seen = new AtomicReference<>();
      Thread other =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      trainer.step(TinyModel.batch(1, 1), 1e-3);
                    } catch (IllegalStateException refused) {
                      seen.set(refused);
                    }
                  });
      other.join();
      assertThat(seen.get()).hasMessageContaining("belongs to thread");
    }
  }

  @Test
  void aBatchThatCannotBeLearnedFromIsRefused() {
    try (Trainer trainer = Trainer.full(base, OPTIMIZER)) {
      TrainingExample silent = new TrainingExample(new int[] {5, 6}, new boolean[2], 1);
      TrainingExample unknown = TrainingExample.text(new int[] {5, 320});
      TrainingExample endless = TrainingExample.text(new int[130]);
      assertThatThrownBy(() -> trainer.step(List.of(silent), 1e-3))
          .hasMessageContaining("no label");
      assertThatThrownBy(() -> trainer.step(List.of(unknown), 1e-3)).hasMessageContaining("320");
      assertThatThrownBy(() -> trainer.step(List.of(endless), 1e-3)).hasMessageContaining("128");
      assertThat(trainer.steps()).isZero();
    }
  }

  private Trainer trainer(Kind kind) {
    return switch (kind) {
      case FULL -> Trainer.full(base, OPTIMIZER, Precision.FP32);
      case FULL_BF16 -> Trainer.full(base, OPTIMIZER, Precision.BF16);
      case LORA -> Trainer.tune(base, LORA, OPTIMIZER, Precision.FP32);
      case DROPOUT ->
          Trainer.tune(
              base,
              new LoraConfig(4, 8, LoraConfig.ALL_LINEARS, 0.2, false),
              OPTIMIZER,
              Precision.FP32);
    };
  }

  /// Steps on batches that depend on the step number alone.
  private static double[] losses(Trainer trainer, int steps) {
    double[] losses = new double[steps];
    for (int i = 0; i < steps; i++) {
      losses[i] = trainer.step(TinyModel.batch(6, 100 + trainer.steps() % 4), 3e-3).loss();
    }
    return losses;
  }

  private static long residentKilobytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    throw new IllegalStateException("/proc/self/status has no VmRSS.");
  }
}
