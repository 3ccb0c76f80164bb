package dev.tidemill.model.kernel;

import static dev.tidemill.model.kernel.VectorMath.LANES;
import static dev.tidemill.model.kernel.VectorMath.STEP;

import java.util.Arrays;
import java.util.List;

/// The low-rank pairs of linears that read the same inputs, those of one adapter a slot, in bf16.
///
/// Tables are read once, from beginning to end, in vectors of at most 32 bytes: memory is the
/// limit, and a thread reads one such stream at twice the speed of several, or of wider vectors.
/// Each operation and its order is written out, so that results are the same to the bit before and
/// after the JVM has compiled them.
///
/// @param down address of the matrices A, side by side: `columns` values an input, `inputs` of
///     these a slot
/// @param ups the matrices B
public record LowRank(long down, int inputs, int columns, List<Up> ups) {
  /// Outputs of a piece that are multiplied the fastest.
  public static final int PIECE = LowRankUp.PIECE;

  /// Columns whose sums are held in registers at once.
  private static final int MOST = 3 * STEP;

  /// Bytes of a table that stay in the nearest cache while several passes go over them.
  private static final int NEAR = 1 << 14;

  /// The matrix B of one linear: pieces of `width` outputs, in a piece `rank` rows of them.
  ///
  /// @param address in the first slot
  /// @param slotValues from one slot to the next
  /// @param target the linear's first output among those of the group
  /// @param column where what its A gave begins
  public record Up(
      long address, long slotValues, int target, int outputs, int width, int rank, int column) {
    private Up from(long begin) {
      return new Up(begin + 2 * address, slotValues, target, outputs, width, rank, column);
    }
  }

  /// The same where addresses counted values from an address in memory.
  public LowRank from(long begin) {
    List<Up> moved = ups.stream().map(up -> up.from(begin)).toList();
    return new LowRank(begin + 2 * down, inputs, columns, moved);
  }

  /// What a slot's matrices A give for one row of inputs.
  public void down(long slot, float[] x, int at, float[] low, int lowAt) {
    long begin = down + 2L * slot * inputs * columns;
    boolean once = columns == LANES || (columns % STEP == 0 && columns <= MOST);
    int block = once ? inputs : Math.max(1, NEAR / (2 * columns));
    float[] sums = new float[MOST];
    Arrays.fill(low, lowAt, lowAt + columns, 0);
    for (int i = 0; i < inputs; i += block) {
      long place = begin + 2L * i * columns;
      block(place, Math.min(block, inputs - i), x, at + i, sums, low, lowAt);
    }
  }

  /// Adds what the next `count` inputs give: most columns first, three vectors of them at a time.
  private void block(
      long begin, int count, float[] x, int at, float[] sums, float[] low, int lowAt) {
    int column = 0;
    long row = 2L * columns;
    while (columns - column >= LANES) {
      long place = begin + 2L * column;
      int vectors = Math.min(MOST, columns - column) / STEP;
      switch (vectors) {
        case 0 -> LowRankDown.half(place, row, count, x, at, sums);
        case 1 -> LowRankDown.one(place, row, count, x, at, sums);
        case 2 -> LowRankDown.two(place, row, count, x, at, sums);
        default -> LowRankDown.three(place, row, count, x, at, sums);
      }
      int to = lowAt + column;
      if (vectors == 0) {
        for (int lane = 0; lane < LANES; lane++) {
          low[to + lane] += sums[lane];
        }
        column += LANES;
      }
      for (int i = 0; i < vectors * STEP; i += STEP) {
        for (int lane = 0; lane < LANES; lane++) {
          low[to + i + 2 * lane] += sums[i + lane];
          low[to + i + 2 * lane + 1] += sums[i + LANES + lane];
        }
      }
      column += vectors * STEP;
    }
    for (; column < columns; column++) {
      float sum = 0;
      for (int i = 0; i < count; i++) {
        sum += x[at + i] * NativeMemory.bf16(begin + 2L * ((long) i * columns + column));
      }
      low[lowAt + column] += sum;
    }
  }

  /// Adds to the outputs of one row what a slot's matrix B makes of that.
  public void up(Up part, long slot, float[] low, int lowAt, float[] y, int at) {
    long begin = part.address + 2L * slot * part.slotValues;
    int width = part.width;
    int from = lowAt + part.column;
    for (int piece = 0; piece < part.outputs / width; piece++) {
      long rows = begin + 2L * piece * part.rank * width;
      int out = at + part.target + piece * width;
      if (width == PIECE) {
        LowRankUp.piece(rows, 2L * width, part.rank, low, from, y, out);
      } else {
        for (int r = 0; r < part.rank; r++) {
          LowRankUp.row(rows + 2L * width * r, width, low[from + r], y, out);
        }
      }
    }
  }
}
