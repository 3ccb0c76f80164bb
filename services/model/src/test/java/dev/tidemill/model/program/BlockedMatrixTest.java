package dev.tidemill.model.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import dev.tidemill.model.Engine;
import dev.tidemill.model.kernel.BlockedMatrix;
import dev.tidemill.model.kernel.Kernels;
import dev.tidemill.model.kernel.Products;
import dev.tidemill.model.safetensors.Dtype;
import dev.tidemill.model.safetensors.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Matrices as the engine lays them out, read by the kernel.
class BlockedMatrixTest {
  private static final int[] ROWS = {1, 2, 3, 4, 7, 8};

  private long tensors;
  private WeightConverter converter;
  private PtNDManager manager;

  @BeforeEach
  void open() {
    tensors = Engine.memory().liveTensors();
    converter = new WeightConverter();
    manager = Native.newManager();
    assumeTrue(Processor.packsBf16(), "The engine lays out nothing in bf16 on this processor.");
    assertThat(Kernels.available()).as("the kernels, once the engine is loaded").isTrue();
  }

  @AfterEach
  void close() {
    manager.close();
    converter.close();
    assertThat(Engine.memory().liveTensors()).isEqualTo(tensors);
  }

  @ParameterizedTest
  @CsvSource({
    "64, 64", "128, 96", "48, 64", "20, 48", "5, 64", "200, 32", "72, 128", "20, 24", "128, 40"
  })
  void multipliesWithWhatTheEngineLaidOut(int outputs, int inputs) {
    float[] weights = Products.randomBf16(outputs, outputs * inputs);
    judge(weights, List.of(array(weights, inputs)), outputs, inputs);
  }

  /// The engine fills inputs up to sixteens: what does not know of it must not be taken for right.
  @ParameterizedTest
  @CsvSource({"96, 8", "64, 24", "33, 7"})
  void inputsThatAreFilledUpAreReadRightOrNotAtAll(int outputs, int inputs) {
    float[] weights = Products.randomBf16(outputs, outputs * inputs);
    List<PtNDArray> parts = List.of(array(weights, inputs));
    BlockedMatrix.of(converter.pack(manager, parts), parts)
        .ifPresent(matrix -> Products.judge(matrix, weights, ROWS));
  }

  @Test
  void partsAreOneMatrix() {
    int inputs = 64;
    float[] weights = Products.randomBf16(9, 128 * inputs);
    float[] upper = Arrays.copyOf(weights, 40 * inputs);
    float[] lower = Arrays.copyOfRange(weights, 40 * inputs, weights.length);
    judge(weights, List.of(array(upper, inputs), array(lower, inputs)), 128, inputs);
  }

  @Test
  void whatHoldsOtherValuesIsNotTaken() {
    int inputs = 64;
    float[] weights = Products.randomBf16(1, 128 * inputs);
    PtNDArray plain = array(weights, inputs);
    PtNDArray packed = converter.pack(manager, List.of(plain));
    assertThat(BlockedMatrix.of(packed, List.of(plain))).isPresent();
    assertThat(BlockedMatrix.of(packed, List.of(array(Products.randomBf16(2, 128 * inputs), 64))))
        .isEmpty();
    PtNDArray upper = array(Arrays.copyOf(weights, 40 * inputs), inputs);
    PtNDArray lower = array(Arrays.copyOfRange(weights, 40 * inputs, weights.length), inputs);
    assertThat(BlockedMatrix.of(packed, List.of(upper, lower))).isPresent();
    assertThat(BlockedMatrix.of(packed, List.of(lower, upper))).as("the wrong order").isEmpty();
    assertThat(BlockedMatrix.of(plain, List.of(plain))).as("not laid out").isEmpty();
  }

  private void judge(float[] weights, List<PtNDArray> parts, int outputs, int inputs) {
    Optional<BlockedMatrix> found = BlockedMatrix.of(converter.pack(manager, parts), parts);
    BlockedMatrix matrix = found.orElseThrow();
    assertThat(matrix.inputs()).isEqualTo(inputs);
    assertThat(matrix.outputs()).isEqualTo(outputs);
    assertThat(matrix.width()).isGreaterThanOrEqualTo(outputs);
    Products.judge(matrix, weights, ROWS);
  }

  private PtNDArray array(float[] weights, int inputs) {
    Tensor tensor =
        Tensor.ofFloats("weights", new int[] {weights.length / inputs, inputs}, weights);
    return converter.convert(manager, tensor, Dtype.BF16, false);
  }
}
