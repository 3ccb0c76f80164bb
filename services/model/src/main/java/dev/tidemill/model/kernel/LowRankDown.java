package dev.tidemill.model.kernel;

import static dev.tidemill.model.kernel.NativeMemory.ALL;
import static dev.tidemill.model.kernel.NativeMemory.ORDER;
import static dev.tidemill.model.kernel.VectorMath.LANES;
import static dev.tidemill.model.kernel.VectorMath.STEP;
import static dev.tidemill.model.kernel.VectorMath.UPPER;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// What rows of columns in bf16 give, each times its input: sums that stay in registers.
///
/// Rows begin `row` bytes apart. Where pairs of columns are read, sums of the even ones of sixteen
/// come first, then those of the odd ones.
final class LowRankDown {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_256;
  private static final VectorSpecies<Integer> PAIRS = IntVector.SPECIES_256;
  private static final VectorSpecies<Short> VALUES = ShortVector.SPECIES_128;

  private LowRankDown() {}

  /// Sixteen columns. Inputs take turns in four sums, of which none has to wait for the one before
  /// it.
  static void one(long begin, long row, int count, float[] x, int at, float[] sums) {
    FloatVector a0 = FloatVector.zero(FLOATS);
    FloatVector b0 = FloatVector.zero(FLOATS);
    FloatVector a1 = FloatVector.zero(FLOATS);
    FloatVector b1 = FloatVector.zero(FLOATS);
    FloatVector a2 = FloatVector.zero(FLOATS);
    FloatVector b2 = FloatVector.zero(FLOATS);
    FloatVector a3 = FloatVector.zero(FLOATS);
    FloatVector b3 = FloatVector.zero(FLOATS);
    int i = 0;
    for (; i + 3 < count; i += 4) {
      long place = begin + row * i;
      FloatVector x0 = FloatVector.broadcast(FLOATS, x[at + i]);
      IntVector w0 = IntVector.fromMemorySegment(PAIRS, ALL, place, ORDER);
      a0 = w0.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats().fma(x0, a0);
      b0 = w0.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats().fma(x0, b0);
      FloatVector x1 = FloatVector.broadcast(FLOATS, x[at + i + 1]);
      IntVector w1 = IntVector.fromMemorySegment(PAIRS, ALL, place + row, ORDER);
      a1 = w1.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats().fma(x1, a1);
      b1 = w1.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats().fma(x1, b1);
      FloatVector x2 = FloatVector.broadcast(FLOATS, x[at + i + 2]);
      IntVector w2 = IntVector.fromMemorySegment(PAIRS, ALL, place + 2 * row, ORDER);
      a2 = w2.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats().fma(x2, a2);
      b2 = w2.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats().fma(x2, b2);
      FloatVector x3 = FloatVector.broadcast(FLOATS, x[at + i + 3]);
      IntVector w3 = IntVector.fromMemorySegment(PAIRS, ALL, place + 3 * row, ORDER);
      a3 = w3.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats().fma(x3, a3);
      b3 = w3.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats().fma(x3, b3);
    }
    for (; i < count; i++) {
      long place = begin + row * i;
      FloatVector x0 = FloatVector.broadcast(FLOATS, x[at + i]);
      IntVector w0 = IntVector.fromMemorySegment(PAIRS, ALL, place, ORDER);
      a0 = w0.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats().fma(x0, a0);
      b0 = w0.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats().fma(x0, b0);
    }
    a0.add(a1).add(a2.add(a3)).intoArray(sums, 0);
    b0.add(b1).add(b2.add(b3)).intoArray(sums, LANES);
  }

  /// Twice sixteen columns, inputs taking turns in two sums.
  static void two(long begin, long row, int count, float[] x, int at, float[] sums) {
    FloatVector a0 = FloatVector.zero(FLOATS);
    FloatVector b0 = FloatVector.zero(FLOATS);
    FloatVector c0 = FloatVector.zero(FLOATS);
    FloatVector d0 = FloatVector.zero(FLOATS);
    FloatVector a1 = FloatVector.zero(FLOATS);
    FloatVector b1 = FloatVector.zero(FLOATS);
    FloatVector c1 = FloatVector.zero(FLOATS);
    FloatVector d1 = FloatVector.zero(FLOATS);
    int i = 0;
    for (; i + 1 < count; i += 2) {
      long place = begin + row * i;
      FloatVector x0 = FloatVector.broadcast(FLOATS, x[at + i]);
      IntVector v0 = IntVector.fromMemorySegment(PAIRS, ALL, place, ORDER);
      IntVector w0 = IntVector.fromMemorySegment(PAIRS, ALL, place + 32, ORDER);
      a0 = v0.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats().fma(x0, a0);
      b0 = v0.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats().fma(x0, b0);
      c0 = w0.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats().fma(x0, c0);
      d0 = w0.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats().fma(x0, d0);
      FloatVector x1 = FloatVector.broadcast(FLOATS, x[at + i + 1]);
      IntVector v1 = IntVector.fromMemorySegment(PAIRS, ALL, place + row, ORDER);
      IntVector w1 = IntVector.fromMemorySegment(PAIRS, ALL, place + row + 32, ORDER);
      a1 = v1.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats().fma(x1, a1);
      b1 = v1.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats().fma(x1, b1);
      c1 = w1.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats().fma(x1, c1);
      d1 = w1.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats().fma(x1, d1);
    }
    for (; i < count; i++) {
      long place = begin + row * i;
      FloatVector x0 = FloatVector.broadcast(FLOATS, x[at + i]);
      IntVector v0 = IntVector.fromMemorySegment(PAIRS, ALL, place, ORDER);
      IntVector w0 = IntVector.fromMemorySegment(PAIRS, ALL, place + 32, ORDER);
      a0 = v0.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats().fma(x0, a0);
      b0 = v0.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats().fma(x0, b0);
      c0 = w0.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats().fma(x0, c0);
      d0 = w0.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats().fma(x0, d0);
    }
    a0.add(a1).intoArray(sums, 0);
    b0.add(b1).intoArray(sums, LANES);
    c0.add(c1).intoArray(sums, STEP);
    d0.add(d1).intoArray(sums, STEP + LANES);
  }

  /// Three times sixteen columns.
  static void three(long begin, long row, int count, float[] x, int at, float[] sums) {
    FloatVector a0 = FloatVector.zero(FLOATS);
    FloatVector b0 = FloatVector.zero(FLOATS);
    FloatVector c0 = FloatVector.zero(FLOATS);
    FloatVector d0 = FloatVector.zero(FLOATS);
    FloatVector e0 = FloatVector.zero(FLOATS);
    FloatVector f0 = FloatVector.zero(FLOATS);
    for (int i = 0; i < count; i++) {
      long place = begin + row * i;
      FloatVector x0 = FloatVector.broadcast(FLOATS, x[at + i]);
      IntVector u0 = IntVector.fromMemorySegment(PAIRS, ALL, place, ORDER);
      IntVector v0 = IntVector.fromMemorySegment(PAIRS, ALL, place + 32, ORDER);
      IntVector w0 = IntVector.fromMemorySegment(PAIRS, ALL, place + 64, ORDER);
      a0 = u0.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats().fma(x0, a0);
      b0 = u0.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats().fma(x0, b0);
      c0 = v0.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats().fma(x0, c0);
      d0 = v0.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats().fma(x0, d0);
      e0 = w0.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats().fma(x0, e0);
      f0 = w0.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats().fma(x0, f0);
    }
    a0.intoArray(sums, 0);
    b0.intoArray(sums, LANES);
    c0.intoArray(sums, STEP);
    d0.intoArray(sums, STEP + LANES);
    e0.intoArray(sums, 2 * STEP);
    f0.intoArray(sums, 2 * STEP + LANES);
  }

  /// Eight columns, their sums in their order.
  static void half(long begin, long row, int count, float[] x, int at, float[] sums) {
    FloatVector a0 = FloatVector.zero(FLOATS);
    FloatVector a1 = FloatVector.zero(FLOATS);
    FloatVector a2 = FloatVector.zero(FLOATS);
    FloatVector a3 = FloatVector.zero(FLOATS);
    int i = 0;
    for (; i + 3 < count; i += 4) {
      long place = begin + row * i;
      a0 =
          ShortVector.fromMemorySegment(VALUES, ALL, place, ORDER)
              .convertShape(VectorOperators.ZERO_EXTEND_S2I, PAIRS, 0)
              .reinterpretAsInts()
              .lanewise(VectorOperators.LSHL, Short.SIZE)
              .reinterpretAsFloats()
              .fma(FloatVector.broadcast(FLOATS, x[at + i]), a0);
      a1 =
          ShortVector.fromMemorySegment(VALUES, ALL, place + row, ORDER)
              .convertShape(VectorOperators.ZERO_EXTEND_S2I, PAIRS, 0)
              .reinterpretAsInts()
              .lanewise(VectorOperators.LSHL, Short.SIZE)
              .reinterpretAsFloats()
              .fma(FloatVector.broadcast(FLOATS, x[at + i + 1]), a1);
      a2 =
          ShortVector.fromMemorySegment(VALUES, ALL, place + 2 * row, ORDER)
              .convertShape(VectorOperators.ZERO_EXTEND_S2I, PAIRS, 0)
              .reinterpretAsInts()
              .lanewise(VectorOperators.LSHL, Short.SIZE)
              .reinterpretAsFloats()
              .fma(FloatVector.broadcast(FLOATS, x[at + i + 2]), a2);
      a3 =
          ShortVector.fromMemorySegment(VALUES, ALL, place + 3 * row, ORDER)
              .convertShape(VectorOperators.ZERO_EXTEND_S2I, PAIRS, 0)
              .reinterpretAsInts()
              .lanewise(VectorOperators.LSHL, Short.SIZE)
              .reinterpretAsFloats()
              .fma(FloatVector.broadcast(FLOATS, x[at + i + 3]), a3);
    }
    for (; i < count; i++) {
      long place = begin + row * i;
      a0 =
          ShortVector.fromMemorySegment(VALUES, ALL, place, ORDER)
              .convertShape(VectorOperators.ZERO_EXTEND_S2I, PAIRS, 0)
              .reinterpretAsInts()
              .lanewise(VectorOperators.LSHL, Short.SIZE)
              .reinterpretAsFloats()
              .fma(FloatVector.broadcast(FLOATS, x[at + i]), a0);
    }
    a0.add(a1).add(a2.add(a3)).intoArray(sums, 0);
  }
}
