package dev.tidemill.model.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RowMatrixTest {
  @ParameterizedTest
  @CsvSource({"64, 64", "1, 16", "63, 48", "130, 256", "200, 32"})
  void multipliesEveryRowAsAlone(int outputs, int inputs) {
    float[] weights = Products.randomBf16(7, outputs * inputs);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(2L * weights.length);
      Attention.store(weights, 0, weights.length, memory.address());
      RowMatrix matrix = new RowMatrix(memory.address(), outputs, inputs);
      assertThat(matrix.inputs()).isEqualTo(inputs);
      assertThat(matrix.outputs()).isEqualTo(outputs);
      assertThat(matrix.width()).isEqualTo(outputs);
      Products.judge(matrix, weights, 1, 3, 8);
    }
  }

  @Test
  void onlyWholeVectorsOfInputsAreTaken() {
    assertThat(RowMatrix.takes(48)).isTrue();
    assertThat(RowMatrix.takes(24)).isFalse();
    assertThatThrownBy(() -> new RowMatrix(0, 64, 24))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("24");
  }
}
