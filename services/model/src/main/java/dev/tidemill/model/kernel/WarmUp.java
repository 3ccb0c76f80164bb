package dev.tidemill.model.kernel;

import java.lang.foreign.Arena;
import java.util.List;

/// Has the JVM compile the kernels, on small numbers: until it has, they are thousands of times
/// slower, since each vector is an object.
public final class WarmUp {
  /// Calls after which the JVM compiles a method with loops for good.
  private static final int CALLS = 700;

  private static final int WIDTH = 64;

  /// A group of four, and single ones.
  private static final int ROWS = 5;

  private static final int SEEN = 16;

  /// Done on first use, by one thread.
  private static final class Done {
    private static final boolean ONCE = run();
  }

  private WarmUp() {}

  /// Returns when it is done; it is done once in a process.
  public static void ensure() {
    if (!Done.ONCE) {
      throw new IllegalStateException("The kernels are not warm.");
    }
  }

  private static boolean run() {
    float[] x = new float[ROWS * WIDTH];
    float[] y = new float[ROWS * WIDTH];
    try (Arena arena = Arena.ofConfined()) {
      long memory = arena.allocate(4L * WIDTH * WIDTH, WIDTH).address();
      List<Matrix> matrices =
          List.of(
              new BlockedMatrix(memory, WIDTH, WIDTH, WIDTH, WIDTH),
              new BlockedBytes(memory, WIDTH, WIDTH, WIDTH, WIDTH, new float[WIDTH]),
              new RowMatrix(memory, WIDTH, WIDTH));
      LowRank.Up up = new LowRank.Up(memory, 0, 0, WIDTH, WIDTH, SEEN, 0);
      LowRank pairs = new LowRank(memory, WIDTH, 3 * SEEN, List.of(up));
      LowRank narrow = new LowRank(memory, WIDTH, SEEN, List.of(up));
      for (int call = 0; call < CALLS; call++) {
        for (Matrix matrix : matrices) {
          matrix.multiply(0, x, ROWS, y);
        }
        Attention.attend(x, 0, WIDTH, memory, memory, 2L * WIDTH, SEEN);
        pairs.down(0, x, 0, y, 0);
        narrow.down(0, x, 0, y, 0);
        pairs.up(up, 0, x, 0, y, 0);
        VectorMath.gated(x, 0, WIDTH, y, 0, WIDTH);
        VectorMath.gelu(x, 0, y, 0, WIDTH);
      }
    }
    return true;
  }
}
