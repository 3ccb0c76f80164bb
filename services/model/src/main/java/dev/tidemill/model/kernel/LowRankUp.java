package dev.tidemill.model.kernel;

import static dev.tidemill.model.kernel.NativeMemory.ALL;
import static dev.tidemill.model.kernel.NativeMemory.ORDER;
import static dev.tidemill.model.kernel.VectorMath.LANES;
import static dev.tidemill.model.kernel.VectorMath.UPPER;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// Rows of outputs in bf16, each added to the outputs as often as a number says.
final class LowRankUp {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_256;
  private static final VectorSpecies<Integer> PAIRS = IntVector.SPECIES_256;
  private static final VectorSpecies<Short> VALUES = ShortVector.SPECIES_128;

  /// Outputs of [#piece].
  static final int PIECE = 8 * LANES;

  /// Even and odd values side by side, the first half of them and the second.
  private static final VectorShuffle<Float> FIRST = VectorShuffle.makeZip(FLOATS, 0);

  private static final VectorShuffle<Float> SECOND = VectorShuffle.makeZip(FLOATS, 1);

  private LowRankUp() {}

  /// Adds rows of as many outputs as fit into registers: one stream, and outputs are touched once.
  ///
  /// @param stride bytes from a row to the next
  static void piece(long rows, long stride, int rank, float[] low, int from, float[] y, int out) {
    FloatVector a0 = FloatVector.zero(FLOATS);
    FloatVector b0 = FloatVector.zero(FLOATS);
    FloatVector a1 = FloatVector.zero(FLOATS);
    FloatVector b1 = FloatVector.zero(FLOATS);
    FloatVector a2 = FloatVector.zero(FLOATS);
    FloatVector b2 = FloatVector.zero(FLOATS);
    FloatVector a3 = FloatVector.zero(FLOATS);
    FloatVector b3 = FloatVector.zero(FLOATS);
    for (int r = 0; r < rank; r++) {
      long place = rows + stride * r;
      FloatVector each = FloatVector.broadcast(FLOATS, low[from + r]);
      IntVector w0 = IntVector.fromMemorySegment(PAIRS, ALL, place, ORDER);
      IntVector w1 = IntVector.fromMemorySegment(PAIRS, ALL, place + 32, ORDER);
      IntVector w2 = IntVector.fromMemorySegment(PAIRS, ALL, place + 64, ORDER);
      IntVector w3 = IntVector.fromMemorySegment(PAIRS, ALL, place + 96, ORDER);
      a0 = w0.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats().fma(each, a0);
      b0 = w0.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats().fma(each, b0);
      a1 = w1.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats().fma(each, a1);
      b1 = w1.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats().fma(each, b1);
      a2 = w2.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats().fma(each, a2);
      b2 = w2.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats().fma(each, b2);
      a3 = w3.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats().fma(each, a3);
      b3 = w3.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats().fma(each, b3);
    }
    FloatVector.fromArray(FLOATS, y, out).add(a0.rearrange(FIRST, b0)).intoArray(y, out);
    FloatVector.fromArray(FLOATS, y, out + LANES)
        .add(a0.rearrange(SECOND, b0))
        .intoArray(y, out + LANES);
    int out1 = out + 2 * LANES;
    FloatVector.fromArray(FLOATS, y, out1).add(a1.rearrange(FIRST, b1)).intoArray(y, out1);
    FloatVector.fromArray(FLOATS, y, out1 + LANES)
        .add(a1.rearrange(SECOND, b1))
        .intoArray(y, out1 + LANES);
    int out2 = out + 4 * LANES;
    FloatVector.fromArray(FLOATS, y, out2).add(a2.rearrange(FIRST, b2)).intoArray(y, out2);
    FloatVector.fromArray(FLOATS, y, out2 + LANES)
        .add(a2.rearrange(SECOND, b2))
        .intoArray(y, out2 + LANES);
    int out3 = out + 6 * LANES;
    FloatVector.fromArray(FLOATS, y, out3).add(a3.rearrange(FIRST, b3)).intoArray(y, out3);
    FloatVector.fromArray(FLOATS, y, out3 + LANES)
        .add(a3.rearrange(SECOND, b3))
        .intoArray(y, out3 + LANES);
  }

  /// Adds one row.
  static void row(long row, int width, float x, float[] y, int out) {
    FloatVector each = FloatVector.broadcast(FLOATS, x);
    int whole = width - width % LANES;
    for (int o = 0; o < whole; o += LANES) {
      ShortVector.fromMemorySegment(VALUES, ALL, row + 2L * o, ORDER)
          .convertShape(VectorOperators.ZERO_EXTEND_S2I, PAIRS, 0)
          .reinterpretAsInts()
          .lanewise(VectorOperators.LSHL, Short.SIZE)
          .reinterpretAsFloats()
          .fma(each, FloatVector.fromArray(FLOATS, y, out + o))
          .intoArray(y, out + o);
    }
    for (int o = whole; o < width; o++) {
      y[out + o] += x * NativeMemory.bf16(row + 2L * o);
    }
  }
}
