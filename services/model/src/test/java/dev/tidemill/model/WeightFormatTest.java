package dev.tidemill.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tidemill.model.generate.DecodeState;
import dev.tidemill.model.generate.Generator;
import dev.tidemill.model.safetensors.Safetensors;
import dev.tidemill.model.safetensors.Tensor;
import dev.tidemill.model.train.Evaluator;
import dev.tidemill.model.train.OptimizerConfig;
import dev.tidemill.model.train.Precision;
import dev.tidemill.model.train.Trainer;
import dev.tidemill.model.train.TrainingExample;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightFormatTest {
  private static final int[] TOKENS = {5, 90, 17, 200, 33, 64, 8, 9};

  /// Values in norms of the tiny model: two a layer and the last.
  private static final int NORMS = 5 * 32;

  @TempDir Path folder;
  private Path stored;

  /// The tiny model with its weights in bf16.
  @BeforeEach
  void store() {
    TinyModel.load(folder, false, 3).close();
    stored = folder.resolve("base");
    Path written = folder.resolve("bf16");
    Safetensors.write(written, Safetensors.toBf16(Safetensors.read(file()).values()));
    assertThat(written.toFile().renameTo(file().toFile())).isTrue();
  }

  @Test
  void aBf16CheckpointTakesTheMemoryOfItsFile() {
    long before = Engine.memory().liveBytes();
    try (BaseModel base = BaseModel.load(stored)) {
      assertThat(base.bf16()).isTrue();
      assertThat(base.bytes()).isEqualTo(base.parameters() * 2 + NORMS * 2);
      assertThat(Engine.memory().liveBytes() - before).isEqualTo(base.bytes());
    }
    try (BaseModel base = BaseModel.load(stored, WeightFormat.FP32)) {
      assertThat(base.bf16()).isFalse();
      assertThat(base.bytes()).isEqualTo(base.parameters() * 4);
    }
    assertThat(Engine.memory().liveBytes()).isEqualTo(before);
  }

  @Test
  void whatServesTakesWhatItSays() {
    long before = Engine.memory().liveBytes();
    for (WeightFormat format : WeightFormat.values()) {
      try (BaseModel base = BaseModel.loadToServe(stored, format)) {
        assertThat(BaseModel.bytesToServe(stored, format)).isEqualTo(base.bytes());
        assertThat(Engine.memory().liveBytes() - before).isEqualTo(base.bytes());
        assertThatThrownBy(() -> Trainer.full(base, OptimizerConfig.defaults(1), Precision.FP32))
            .hasMessageContaining("loaded to serve");
      }
      assertThat(Engine.memory().liveBytes()).isEqualTo(before);
    }
    assertThatThrownBy(() -> BaseModel.load(stored, WeightFormat.INT8))
        .hasMessageContaining("for serving");
  }

  @Test
  void everyFormatHoldsTheSameValues() {
    List<Tensor> values = new ArrayList<>(Safetensors.read(file()).values());
    for (WeightFormat format :
        List.of(WeightFormat.AS_STORED, WeightFormat.FP32, WeightFormat.BF16)) {
      try (BaseModel base = BaseModel.load(stored, format)) {
        List<Tensor> held = base.weights().tensors();
        assertThat(held).hasSameSizeAs(values);
        for (int i = 0; i < held.size(); i++) {
          assertThat(held.get(i).toFloats()).isEqualTo(values.get(i).toFloats());
        }
      }
    }
  }

  @Test
  void decodingInBf16EqualsTheWholeForward() {
    try (BaseModel base = BaseModel.load(stored);
        Generator generator = new Generator(base);
        Adapter adapter =
            TinyModel.adapter(folder, base.config(), LoraConfig.allLinears(4, 8), 1)) {
      float[][] whole = FullLogits.of(base, adapter, TOKENS, Precision.BF16);
      try (DecodeState state = generator.start(TOKENS, adapter)) {
        assertThat(generator.logits(state))
            .containsExactly(whole[TOKENS.length - 1], within(3e-2f));
      }
    }
  }

  /// The same steps from the same weights in fp32, within what bf16 rounds.
  @Test
  void anAdapterLearnsOnABf16Base() {
    LoraConfig lora = LoraConfig.allLinears(4, 8);
    for (Precision precision : Precision.values()) {
      try (BaseModel base = BaseModel.load(stored);
          BaseModel wide = BaseModel.load(stored, WeightFormat.FP32);
          Trainer ours = Trainer.tune(base, lora, OptimizerConfig.defaults(1), precision);
          Trainer theirs = Trainer.tune(wide, lora, OptimizerConfig.defaults(1), precision)) {
        List<TrainingExample> batch = TinyModel.batch(4, 2);
        double first = ours.step(batch, 1e-2).loss();
        assertThat(first).isCloseTo(theirs.step(batch, 1e-2).loss(), within(5e-3));
        double last = first;
        for (int i = 0; i < 20; i++) {
          last = ours.step(batch, 1e-2).loss();
          assertThat(last).isCloseTo(theirs.step(batch, 1e-2).loss(), within(5e-2));
        }
        assertThat(last).isLessThan(first - 0.2);
        assertThat(ours.evaluate(batch).lossPerToken())
            .isCloseTo(theirs.evaluate(batch).lossPerToken(), within(5e-2));
      }
    }
  }

  @Test
  void fullTrainingOfABf16BaseIsOfFp32Copies() {
    List<TrainingExample> batch = TinyModel.batch(4, 2);
    try (BaseModel base = BaseModel.load(stored);
        Evaluator evaluator = new Evaluator();
        Trainer trainer = Trainer.full(base, OptimizerConfig.defaults(1), Precision.FP32)) {
      double before = evaluator.evaluate(base, null, batch).lossPerToken();
      assertThat(trainer.evaluate(batch).lossPerToken()).isCloseTo(before, within(5e-3));
      // Too small for bf16, which would round every step away.
      for (int i = 0; i < 5; i++) {
        trainer.step(batch, 1e-6);
      }
      trainer.exportBase(folder.resolve("trained"));
      assertThat(evaluator.evaluate(base, null, batch).lossPerToken()).isEqualTo(before);
    }
    Tensor from = TinyModel.tensor(Safetensors.read(file()), "lm_head.weight");
    Tensor to =
        TinyModel.tensor(
            Safetensors.read(folder.resolve("trained/model.safetensors")), "lm_head.weight");
    assertThat(to.toFloats()).isNotEqualTo(from.toFloats());
    assertThat(to.toFloats()).containsExactly(from.toFloats(), within(1e-5f));
  }

  @Test
  void whatIsRefusedHalfWayGivesItsMemoryBack() {
    List<Tensor> tensors = new ArrayList<>(Safetensors.read(file()).values());
    Tensor last = tensors.removeLast();
    float[] values = last.toFloats();
    values[3] = Float.NaN;
    tensors.addAll(Safetensors.toBf16(List.of(Tensor.ofFloats(last.name(), last.shape(), values))));
    Path written = folder.resolve("damaged");
    Safetensors.write(written, tensors);
    assertThat(written.toFile().renameTo(file().toFile())).isTrue();
    long before = Engine.memory().liveTensors();
    assertThatThrownBy(() -> BaseModel.load(stored))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(last.name())
        .hasMessageContaining("not finite");
    assertThat(Engine.memory().liveTensors()).isEqualTo(before);
  }

  private Path file() {
    return stored.resolve("model.safetensors");
  }
}
