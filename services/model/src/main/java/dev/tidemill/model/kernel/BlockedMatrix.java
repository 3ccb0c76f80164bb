package dev.tidemill.model.kernel;

import static dev.tidemill.model.kernel.NativeMemory.ALL;
import static dev.tidemill.model.kernel.NativeMemory.ORDER;
import static dev.tidemill.model.kernel.VectorMath.UPPER;

import ai.djl.pytorch.engine.PtNDArray;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/// A matrix in bf16: two inputs to four bytes.
public final class BlockedMatrix extends Blocks {
  BlockedMatrix(long address, int outputs, int inputs, int block, int padded) {
    super(address, outputs, inputs, block, padded, Short.BYTES);
  }

  /// Finds out how it lies.
  ///
  /// @param packed as the engine laid it out
  /// @param parts the same plain, in bf16, one below the other
  /// @return nothing when it lies in no way that is known
  public static Optional<BlockedMatrix> of(PtNDArray packed, List<PtNDArray> parts) {
    int inputs = (int) parts.getFirst().getShape().get(1);
    int outputs = parts.stream().mapToInt(part -> (int) part.getShape().get(0)).sum();
    if (inputs % 2 != 0) {
      return Optional.empty();
    }
    long address = NativeMemory.address(packed);
    long[] rows = new long[outputs];
    int row = 0;
    for (PtNDArray part : parts) {
      long first = NativeMemory.address(part);
      for (int i = 0; i < part.getShape().get(0); i++) {
        rows[row++] = first + 2L * inputs * i;
      }
    }
    return Optional.ofNullable(
        find(
            inputs,
            (block, padded) -> new BlockedMatrix(address, outputs, inputs, block, padded),
            (output, input) -> bits(rows[output] + 2L * input)));
  }

  @Override
  int value(long place) {
    return bits(place);
  }

  private static int bits(long place) {
    return ALL.get(ValueLayout.JAVA_SHORT_UNALIGNED, place);
  }

  @Override
  void narrow(long weights, float[] x, int source, float[] y, int target, int first) {
    int steps = inputs / 2;
    FloatVector a0 = FloatVector.zero(FLOATS);
    for (int step = 0; step < steps; step++) {
      long at = weights + 4L * block * step;
      int x0 = source + 2 * step;
      IntVector w0 = IntVector.fromMemorySegment(INPUTS, ALL, at, ORDER);
      FloatVector x0s = FloatVector.broadcast(FLOATS, x[x0]);
      FloatVector v00 = w0.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats();
      a0 = v00.fma(x0s, a0);
      FloatVector x1s = FloatVector.broadcast(FLOATS, x[x0 + 1]);
      FloatVector v10 = w0.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats();
      a0 = v10.fma(x1s, a0);
    }
    a0.intoArray(y, target);
  }

  @Override
  void one(long weights, float[] x, int source, float[] y, int target, int first) {
    int steps = inputs / 2;
    FloatVector a0 = FloatVector.zero(FLOATS);
    FloatVector a1 = FloatVector.zero(FLOATS);
    FloatVector a2 = FloatVector.zero(FLOATS);
    FloatVector a3 = FloatVector.zero(FLOATS);
    for (int step = 0; step < steps; step++) {
      long at = weights + 4L * block * step;
      int x0 = source + 2 * step;
      IntVector w0 = IntVector.fromMemorySegment(INPUTS, ALL, at, ORDER);
      IntVector w1 = IntVector.fromMemorySegment(INPUTS, ALL, at + VECTOR_BYTES, ORDER);
      IntVector w2 = IntVector.fromMemorySegment(INPUTS, ALL, at + 2 * VECTOR_BYTES, ORDER);
      IntVector w3 = IntVector.fromMemorySegment(INPUTS, ALL, at + 3 * VECTOR_BYTES, ORDER);
      FloatVector x0s = FloatVector.broadcast(FLOATS, x[x0]);
      FloatVector v00 = w0.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats();
      a0 = v00.fma(x0s, a0);
      FloatVector v01 = w1.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats();
      a1 = v01.fma(x0s, a1);
      FloatVector v02 = w2.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats();
      a2 = v02.fma(x0s, a2);
      FloatVector v03 = w3.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats();
      a3 = v03.fma(x0s, a3);
      FloatVector x1s = FloatVector.broadcast(FLOATS, x[x0 + 1]);
      FloatVector v10 = w0.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats();
      a0 = v10.fma(x1s, a0);
      FloatVector v11 = w1.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats();
      a1 = v11.fma(x1s, a1);
      FloatVector v12 = w2.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats();
      a2 = v12.fma(x1s, a2);
      FloatVector v13 = w3.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats();
      a3 = v13.fma(x1s, a3);
    }
    a0.intoArray(y, target);
    a1.intoArray(y, target + LANES);
    a2.intoArray(y, target + 2 * LANES);
    a3.intoArray(y, target + 3 * LANES);
  }

  @Override
  void four(long weights, float[] x, int source, float[] y, int target, int width, int first) {
    int steps = inputs / 2;
    FloatVector a0 = FloatVector.zero(FLOATS);
    FloatVector a1 = FloatVector.zero(FLOATS);
    FloatVector a2 = FloatVector.zero(FLOATS);
    FloatVector a3 = FloatVector.zero(FLOATS);
    FloatVector b0 = FloatVector.zero(FLOATS);
    FloatVector b1 = FloatVector.zero(FLOATS);
    FloatVector b2 = FloatVector.zero(FLOATS);
    FloatVector b3 = FloatVector.zero(FLOATS);
    FloatVector c0 = FloatVector.zero(FLOATS);
    FloatVector c1 = FloatVector.zero(FLOATS);
    FloatVector c2 = FloatVector.zero(FLOATS);
    FloatVector c3 = FloatVector.zero(FLOATS);
    FloatVector d0 = FloatVector.zero(FLOATS);
    FloatVector d1 = FloatVector.zero(FLOATS);
    FloatVector d2 = FloatVector.zero(FLOATS);
    FloatVector d3 = FloatVector.zero(FLOATS);
    for (int step = 0; step < steps; step++) {
      long at = weights + 4L * block * step;
      int x0 = source + 2 * step;
      int x1 = x0 + inputs;
      int x2 = x1 + inputs;
      int x3 = x2 + inputs;
      IntVector w0 = IntVector.fromMemorySegment(INPUTS, ALL, at, ORDER);
      IntVector w1 = IntVector.fromMemorySegment(INPUTS, ALL, at + VECTOR_BYTES, ORDER);
      IntVector w2 = IntVector.fromMemorySegment(INPUTS, ALL, at + 2 * VECTOR_BYTES, ORDER);
      IntVector w3 = IntVector.fromMemorySegment(INPUTS, ALL, at + 3 * VECTOR_BYTES, ORDER);
      FloatVector x0s = FloatVector.broadcast(FLOATS, x[x0]);
      FloatVector y0s = FloatVector.broadcast(FLOATS, x[x1]);
      FloatVector z0s = FloatVector.broadcast(FLOATS, x[x2]);
      FloatVector u0s = FloatVector.broadcast(FLOATS, x[x3]);
      FloatVector v00 = w0.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats();
      a0 = v00.fma(x0s, a0);
      b0 = v00.fma(y0s, b0);
      c0 = v00.fma(z0s, c0);
      d0 = v00.fma(u0s, d0);
      FloatVector v01 = w1.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats();
      a1 = v01.fma(x0s, a1);
      b1 = v01.fma(y0s, b1);
      c1 = v01.fma(z0s, c1);
      d1 = v01.fma(u0s, d1);
      FloatVector v02 = w2.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats();
      a2 = v02.fma(x0s, a2);
      b2 = v02.fma(y0s, b2);
      c2 = v02.fma(z0s, c2);
      d2 = v02.fma(u0s, d2);
      FloatVector v03 = w3.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats();
      a3 = v03.fma(x0s, a3);
      b3 = v03.fma(y0s, b3);
      c3 = v03.fma(z0s, c3);
      d3 = v03.fma(u0s, d3);
      FloatVector x1s = FloatVector.broadcast(FLOATS, x[x0 + 1]);
      FloatVector y1s = FloatVector.broadcast(FLOATS, x[x1 + 1]);
      FloatVector z1s = FloatVector.broadcast(FLOATS, x[x2 + 1]);
      FloatVector u1s = FloatVector.broadcast(FLOATS, x[x3 + 1]);
      FloatVector v10 = w0.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats();
      a0 = v10.fma(x1s, a0);
      b0 = v10.fma(y1s, b0);
      c0 = v10.fma(z1s, c0);
      d0 = v10.fma(u1s, d0);
      FloatVector v11 = w1.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats();
      a1 = v11.fma(x1s, a1);
      b1 = v11.fma(y1s, b1);
      c1 = v11.fma(z1s, c1);
      d1 = v11.fma(u1s, d1);
      FloatVector v12 = w2.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats();
      a2 = v12.fma(x1s, a2);
      b2 = v12.fma(y1s, b2);
      c2 = v12.fma(z1s, c2);
      d2 = v12.fma(u1s, d2);
      FloatVector v13 = w3.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats();
      a3 = v13.fma(x1s, a3);
      b3 = v13.fma(y1s, b3);
      c3 = v13.fma(z1s, c3);
      d3 = v13.fma(u1s, d3);
    }
    a0.intoArray(y, target);
    a1.intoArray(y, target + LANES);
    a2.intoArray(y, target + 2 * LANES);
    a3.intoArray(y, target + 3 * LANES);
    b0.intoArray(y, target + width);
    b1.intoArray(y, target + width + LANES);
    b2.intoArray(y, target + width + 2 * LANES);
    b3.intoArray(y, target + width + 3 * LANES);
    c0.intoArray(y, target + 2 * width);
    c1.intoArray(y, target + 2 * width + LANES);
    c2.intoArray(y, target + 2 * width + 2 * LANES);
    c3.intoArray(y, target + 2 * width + 3 * LANES);
    d0.intoArray(y, target + 3 * width);
    d1.intoArray(y, target + 3 * width + LANES);
    d2.intoArray(y, target + 3 * width + 2 * LANES);
    d3.intoArray(y, target + 3 * width + 3 * LANES);
  }
}
