package dev.tidemill.model.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// A kernel whose vectors are objects gives the same numbers, several times slower. What it
/// allocates tells.
class WarmUpTest {
  private static final int SIZE = 1024;
  private static final int RANK = 16;
  private static final int ROWS = 5;
  private static final int CALLS = 100;
  private static final int ROUNDS = 50;

  /// What a call may allocate: arrays for its sums. One object for each vector of a kernel are
  /// hundreds of thousands of bytes.
  private static final long MOST_BYTES = 20_000;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static final Arena ARENA = Arena.ofShared();

  @AfterAll
  static void free() {
    ARENA.close();
  }

  static Stream<Arguments> kernels() {
    long memory = ARENA.allocate(4L * SIZE * SIZE, 64).address();
    float[] x = new float[ROWS * SIZE];
    float[] y = new float[ROWS * SIZE];
    float[] scales = new float[SIZE];
    return Stream.of(
        multiply("bf16", new BlockedMatrix(memory, SIZE, SIZE, 64, SIZE), x, y),
        multiply("bf16, narrow", new BlockedMatrix(memory, SIZE, SIZE, 16, SIZE), x, y),
        multiply("int8", new BlockedBytes(memory, SIZE, SIZE, 64, SIZE, scales), x, y),
        multiply("int8, narrow", new BlockedBytes(memory, SIZE, SIZE, 16, SIZE, scales), x, y),
        multiply("rows", new RowMatrix(memory, SIZE, SIZE), x, y),
        down(memory, 8, x, y),
        down(memory, 16, x, y),
        down(memory, 24, x, y),
        down(memory, 32, x, y),
        down(memory, 48, x, y),
        down(memory, 64, x, y),
        up(memory, LowRank.PIECE, x, y),
        up(memory, SIZE, x, y),
        attend(memory, 48, x),
        attend(memory, 64, x),
        attend(memory, 80, x),
        arguments("gated", (Runnable) () -> VectorMath.gated(x, 0, SIZE, y, 0, SIZE)),
        arguments("gelu", (Runnable) () -> VectorMath.gelu(x, 0, y, 0, SIZE)));
  }

  private static Arguments multiply(String name, Matrix matrix, float[] x, float[] y) {
    return arguments(name, (Runnable) () -> matrix.multiply(0, x, ROWS, y));
  }

  private static Arguments down(long memory, int columns, float[] x, float[] y) {
    LowRank pairs = new LowRank(memory, SIZE, columns, List.of());
    return arguments("down, " + columns, (Runnable) () -> pairs.down(0, x, 0, y, 0));
  }

  private static Arguments up(long memory, int width, float[] x, float[] y) {
    LowRank.Up up = new LowRank.Up(memory, 0, 0, SIZE, width, RANK, 0);
    LowRank pairs = new LowRank(memory, SIZE, RANK, List.of(up));
    return arguments("up, " + width, (Runnable) () -> pairs.up(up, 0, x, 0, y, 0));
  }

  private static Arguments attend(long memory, int headDim, float[] x) {
    return arguments(
        "attend, " + headDim,
        (Runnable)
            () -> Attention.attend(x, 0, 2, 2, headDim, memory, memory, 2L * headDim, SIZE - 1));
  }

  /// The JVM compiles what calls a kernel while it runs; it has some rounds for that.
  @ParameterizedTest(name = "{0}")
  @MethodSource("kernels")
  void vectorsOfWarmKernelsAreNoObjects(String name, Runnable kernel) {
    WarmUp.ensure();
    long least = Long.MAX_VALUE;
    for (int round = 0; round < ROUNDS && least >= MOST_BYTES; round++) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      for (int call = 0; call < CALLS; call++) {
        kernel.run();
      }
      least = Math.min(least, (THREADS.getCurrentThreadAllocatedBytes() - before) / CALLS);
    }
    assertThat(least).as("bytes of a call").isLessThan(MOST_BYTES);
  }
}
