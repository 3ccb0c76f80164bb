package dev.tidemill.model.kernel;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.stream.IntStream;

/// Has the JVM compile the kernels, on small numbers: until it has, they are thousands of times
/// slower, since each vector is an object. One whose first sums were long stays several
/// times slower for good (docs/log.md), so each is here.
public final class WarmUp {
  /// Calls after which the JVM compiles a method with loops for good.
  private static final int CALLS = 700;

  private static final int WIDTH = 64;

  /// Of a block of a matrix, or of a piece of a table, for which there are kernels of their own.
  private static final int NARROW = 16;

  /// Of a head that is no multiple of what is multiplied at once.
  private static final int HEAD = 48;

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
      float[] scales = new float[WIDTH];
      List<Matrix> matrices =
          List.of(
              new BlockedMatrix(memory, WIDTH, WIDTH, WIDTH, WIDTH),
              new BlockedMatrix(memory, WIDTH, WIDTH, NARROW, WIDTH),
              new BlockedBytes(memory, WIDTH, WIDTH, WIDTH, WIDTH, scales),
              new BlockedBytes(memory, WIDTH, WIDTH, NARROW, WIDTH, scales),
              new RowMatrix(memory, WIDTH, WIDTH));
      LowRank.Up pieces = new LowRank.Up(memory, 0, 0, WIDTH, LowRank.PIECE, SEEN, 0);
      LowRank.Up rows = new LowRank.Up(memory, 0, 0, WIDTH, NARROW, SEEN, 0);
      List<LowRank> pairs =
          IntStream.of(VectorMath.LANES, SEEN, 2 * SEEN, 3 * SEEN)
              .mapToObj(columns -> new LowRank(memory, WIDTH, columns, List.of(pieces, rows)))
              .toList();
      for (int call = 0; call < CALLS; call++) {
        for (Matrix matrix : matrices) {
          matrix.multiply(0, x, ROWS, y);
        }
        for (LowRank each : pairs) {
          each.down(0, x, 0, y, 0);
          each.up(pieces, 0, x, 0, y, 0);
          each.up(rows, 0, x, 0, y, 0);
        }
        Attention.attend(x, 0, 2, 2, WIDTH, memory, memory, 2L * WIDTH, SEEN);
        Attention.attend(x, 0, 2, 2, HEAD, memory, memory, 2L * HEAD, SEEN);
        VectorMath.gated(x, 0, WIDTH, y, 0, WIDTH);
        VectorMath.gelu(x, 0, y, 0, WIDTH);
      }
    }
    return true;
  }
}
