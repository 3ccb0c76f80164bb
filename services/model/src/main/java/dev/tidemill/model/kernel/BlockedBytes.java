package dev.tidemill.model.kernel;

import static dev.tidemill.model.kernel.NativeMemory.ALL;
import static dev.tidemill.model.kernel.NativeMemory.ORDER;

import ai.djl.pytorch.engine.PtNDArray;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/// A matrix of 8 bits, each output with a scale: four inputs to four bytes. Inputs are not rounded,
/// as they are where the engine multiplies 8 bits.
///
/// Each of the four bytes is taken as the upper one of a whole number, the others zero: 2^24 times
/// what it stands for, which is exact, and needs no shift to bring its sign along.
public final class BlockedBytes extends Blocks {
  /// The fourth byte.
  private static final int FOURTH = 0xff000000;

  /// What the upper byte counts for.
  private static final float UNIT = 1 << 24;

  /// Of each output, for what bytes are taken for; filled up.
  private final float[] scales;

  BlockedBytes(long address, int outputs, int inputs, int block, int padded, float[] scales) {
    super(address, outputs, inputs, block, padded, Byte.BYTES);
    this.scales = new float[width()];
    for (int i = 0; i < scales.length; i++) {
      this.scales[i] = scales[i] / UNIT;
    }
  }

  /// Finds out how it lies.
  ///
  /// @param packed as the engine laid it out
  /// @param plain the same as it is
  /// @param scale of each output
  /// @return nothing when it lies in no way that is known
  public static Optional<BlockedBytes> of(PtNDArray packed, PtNDArray plain, PtNDArray scale) {
    int outputs = (int) plain.getShape().get(0);
    int inputs = (int) plain.getShape().get(1);
    if (inputs % 4 != 0) {
      return Optional.empty();
    }
    long address = NativeMemory.address(packed);
    long rows = NativeMemory.address(plain);
    float[] scales = scale.toFloatArray();
    return Optional.ofNullable(
        find(
            inputs,
            (block, padded) -> new BlockedBytes(address, outputs, inputs, block, padded, scales),
            (output, input) ->
                ALL.get(ValueLayout.JAVA_BYTE, rows + (long) inputs * output + input)));
  }

  @Override
  int value(long place) {
    return ALL.get(ValueLayout.JAVA_BYTE, place);
  }

  @Override
  void narrow(long weights, float[] x, int source, float[] y, int target, int first) {
    int steps = inputs / 4;
    FloatVector a0 = FloatVector.zero(FLOATS);
    for (int step = 0; step < steps; step++) {
      long at = weights + 4L * block * step;
      int x0 = source + 4 * step;
      IntVector w0 = IntVector.fromMemorySegment(INPUTS, ALL, at, ORDER);
      FloatVector x0s = FloatVector.broadcast(FLOATS, x[x0]);
      FloatVector v00 =
          (FloatVector) w0.lanewise(VectorOperators.LSHL, 24).convert(VectorOperators.I2F, 0);
      a0 = v00.fma(x0s, a0);
      FloatVector x1s = FloatVector.broadcast(FLOATS, x[x0 + 1]);
      FloatVector v10 =
          (FloatVector)
              w0.lanewise(VectorOperators.LSHL, 16)
                  .lanewise(VectorOperators.AND, FOURTH)
                  .convert(VectorOperators.I2F, 0);
      a0 = v10.fma(x1s, a0);
      FloatVector x2s = FloatVector.broadcast(FLOATS, x[x0 + 2]);
      FloatVector v20 =
          (FloatVector)
              w0.lanewise(VectorOperators.LSHL, 8)
                  .lanewise(VectorOperators.AND, FOURTH)
                  .convert(VectorOperators.I2F, 0);
      a0 = v20.fma(x2s, a0);
      FloatVector x3s = FloatVector.broadcast(FLOATS, x[x0 + 3]);
      FloatVector v30 =
          (FloatVector) w0.lanewise(VectorOperators.AND, FOURTH).convert(VectorOperators.I2F, 0);
      a0 = v30.fma(x3s, a0);
    }
    FloatVector s0 = FloatVector.fromArray(FLOATS, scales, first);
    a0.mul(s0).intoArray(y, target);
  }

  @Override
  void one(long weights, float[] x, int source, float[] y, int target, int first) {
    int steps = inputs / 4;
    FloatVector a0 = FloatVector.zero(FLOATS);
    FloatVector a1 = FloatVector.zero(FLOATS);
    FloatVector a2 = FloatVector.zero(FLOATS);
    FloatVector a3 = FloatVector.zero(FLOATS);
    for (int step = 0; step < steps; step++) {
      long at = weights + 4L * block * step;
      int x0 = source + 4 * step;
      IntVector w0 = IntVector.fromMemorySegment(INPUTS, ALL, at, ORDER);
      IntVector w1 = IntVector.fromMemorySegment(INPUTS, ALL, at + VECTOR_BYTES, ORDER);
      IntVector w2 = IntVector.fromMemorySegment(INPUTS, ALL, at + 2 * VECTOR_BYTES, ORDER);
      IntVector w3 = IntVector.fromMemorySegment(INPUTS, ALL, at + 3 * VECTOR_BYTES, ORDER);
      FloatVector x0s = FloatVector.broadcast(FLOATS, x[x0]);
      FloatVector v00 =
          (FloatVector) w0.lanewise(VectorOperators.LSHL, 24).convert(VectorOperators.I2F, 0);
      a0 = v00.fma(x0s, a0);
      FloatVector v01 =
          (FloatVector) w1.lanewise(VectorOperators.LSHL, 24).convert(VectorOperators.I2F, 0);
      a1 = v01.fma(x0s, a1);
      FloatVector v02 =
          (FloatVector) w2.lanewise(VectorOperators.LSHL, 24).convert(VectorOperators.I2F, 0);
      a2 = v02.fma(x0s, a2);
      FloatVector v03 =
          (FloatVector) w3.lanewise(VectorOperators.LSHL, 24).convert(VectorOperators.I2F, 0);
      a3 = v03.fma(x0s, a3);
      FloatVector x1s = FloatVector.broadcast(FLOATS, x[x0 + 1]);
      FloatVector v10 =
          (FloatVector)
              w0.lanewise(VectorOperators.LSHL, 16)
                  .lanewise(VectorOperators.AND, FOURTH)
                  .convert(VectorOperators.I2F, 0);
      a0 = v10.fma(x1s, a0);
      FloatVector v11 =
          (FloatVector)
              w1.lanewise(VectorOperators.LSHL, 16)
                  .lanewise(VectorOperators.AND, FOURTH)
                  .convert(VectorOperators.I2F, 0);
      a1 = v11.fma(x1s, a1);
      FloatVector v12 =
          (FloatVector)
              w2.lanewise(VectorOperators.LSHL, 16)
                  .lanewise(VectorOperators.AND, FOURTH)
                  .convert(VectorOperators.I2F, 0);
      a2 = v12.fma(x1s, a2);
      FloatVector v13 =
          (FloatVector)
              w3.lanewise(VectorOperators.LSHL, 16)
                  .lanewise(VectorOperators.AND, FOURTH)
                  .convert(VectorOperators.I2F, 0);
      a3 = v13.fma(x1s, a3);
      FloatVector x2s = FloatVector.broadcast(FLOATS, x[x0 + 2]);
      FloatVector v20 =
          (FloatVector)
              w0.lanewise(VectorOperators.LSHL, 8)
                  .lanewise(VectorOperators.AND, FOURTH)
                  .convert(VectorOperators.I2F, 0);
      a0 = v20.fma(x2s, a0);
      FloatVector v21 =
          (FloatVector)
              w1.lanewise(VectorOperators.LSHL, 8)
                  .lanewise(VectorOperators.AND, FOURTH)
                  .convert(VectorOperators.I2F, 0);
      a1 = v21.fma(x2s, a1);
      FloatVector v22 =
          (FloatVector)
              w2.lanewise(VectorOperators.LSHL, 8)
                  .lanewise(VectorOperators.AND, FOURTH)
                  .convert(VectorOperators.I2F, 0);
      a2 = v22.fma(x2s, a2);
      FloatVector v23 =
          (FloatVector)
              w3.lanewise(VectorOperators.LSHL, 8)
                  .lanewise(VectorOperators.AND, FOURTH)
                  .convert(VectorOperators.I2F, 0);
      a3 = v23.fma(x2s, a3);
      FloatVector x3s = FloatVector.broadcast(FLOATS, x[x0 + 3]);
      FloatVector v30 =
          (FloatVector) w0.lanewise(VectorOperators.AND, FOURTH).convert(VectorOperators.I2F, 0);
      a0 = v30.fma(x3s, a0);
      FloatVector v31 =
          (FloatVector) w1.lanewise(VectorOperators.AND, FOURTH).convert(VectorOperators.I2F, 0);
      a1 = v31.fma(x3s, a1);
      FloatVector v32 =
          (FloatVector) w2.lanewise(VectorOperators.AND, FOURTH).convert(VectorOperators.I2F, 0);
      a2 = v32.fma(x3s, a2);
      FloatVector v33 =
          (FloatVector) w3.lanewise(VectorOperators.AND, FOURTH).convert(VectorOperators.I2F, 0);
      a3 = v33.fma(x3s, a3);
    }
    FloatVector s0 = FloatVector.fromArray(FLOATS, scales, first);
    FloatVector s1 = FloatVector.fromArray(FLOATS, scales, first + LANES);
    FloatVector s2 = FloatVector.fromArray(FLOATS, scales, first + 2 * LANES);
    FloatVector s3 = FloatVector.fromArray(FLOATS, scales, first + 3 * LANES);
    a0.mul(s0).intoArray(y, target);
    a1.mul(s1).intoArray(y, target + LANES);
    a2.mul(s2).intoArray(y, target + 2 * LANES);
    a3.mul(s3).intoArray(y, target + 3 * LANES);
  }

  @Override
  void four(long weights, float[] x, int source, float[] y, int target, int width, int first) {
    int steps = inputs / 4;
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
      int x0 = source + 4 * step;
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
      FloatVector v00 =
          (FloatVector) w0.lanewise(VectorOperators.LSHL, 24).convert(VectorOperators.I2F, 0);
      a0 = v00.fma(x0s, a0);
      b0 = v00.fma(y0s, b0);
      c0 = v00.fma(z0s, c0);
      d0 = v00.fma(u0s, d0);
      FloatVector v01 =
          (FloatVector) w1.lanewise(VectorOperators.LSHL, 24).convert(VectorOperators.I2F, 0);
      a1 = v01.fma(x0s, a1);
      b1 = v01.fma(y0s, b1);
      c1 = v01.fma(z0s, c1);
      d1 = v01.fma(u0s, d1);
      FloatVector v02 =
          (FloatVector) w2.lanewise(VectorOperators.LSHL, 24).convert(VectorOperators.I2F, 0);
      a2 = v02.fma(x0s, a2);
      b2 = v02.fma(y0s, b2);
      c2 = v02.fma(z0s, c2);
      d2 = v02.fma(u0s, d2);
      FloatVector v03 =
          (FloatVector) w3.lanewise(VectorOperators.LSHL, 24).convert(VectorOperators.I2F, 0);
      a3 = v03.fma(x0s, a3);
      b3 = v03.fma(y0s, b3);
      c3 = v03.fma(z0s, c3);
      d3 = v03.fma(u0s, d3);
      FloatVector x1s = FloatVector.broadcast(FLOATS, x[x0 + 1]);
      FloatVector y1s = FloatVector.broadcast(FLOATS, x[x1 + 1]);
      FloatVector z1s = FloatVector.broadcast(FLOATS, x[x2 + 1]);
      FloatVector u1s = FloatVector.broadcast(FLOATS, x[x3 + 1]);
      FloatVector v10 =
          (FloatVector)
              w0.lanewise(VectorOperators.LSHL, 16)
                  .lanewise(VectorOperators.AND, FOURTH)
                  .convert(VectorOperators.I2F, 0);
      a0 = v10.fma(x1s, a0);
      b0 = v10.fma(y1s, b0);
      c0 = v10.fma(z1s, c0);
      d0 = v10.fma(u1s, d0);
      FloatVector v11 =
          (FloatVector)
              w1.lanewise(VectorOperators.LSHL, 16)
                  .lanewise(VectorOperators.AND, FOURTH)
                  .convert(VectorOperators.I2F, 0);
      a1 = v11.fma(x1s, a1);
      b1 = v11.fma(y1s, b1);
      c1 = v11.fma(z1s, c1);
      d1 = v11.fma(u1s, d1);
      FloatVector v12 =
          (FloatVector)
              w2.lanewise(VectorOperators.LSHL, 16)
                  .lanewise(VectorOperators.AND, FOURTH)
                  .convert(VectorOperators.I2F, 0);
      a2 = v12.fma(x1s, a2);
      b2 = v12.fma(y1s, b2);
      c2 = v12.fma(z1s, c2);
      d2 = v12.fma(u1s, d2);
      FloatVector v13 =
          (FloatVector)
              w3.lanewise(VectorOperators.LSHL, 16)
                  .lanewise(VectorOperators.AND, FOURTH)
                  .convert(VectorOperators.I2F, 0);
      a3 = v13.fma(x1s, a3);
      b3 = v13.fma(y1s, b3);
      c3 = v13.fma(z1s, c3);
      d3 = v13.fma(u1s, d3);
      FloatVector x2s = FloatVector.broadcast(FLOATS, x[x0 + 2]);
      FloatVector y2s = FloatVector.broadcast(FLOATS, x[x1 + 2]);
      FloatVector z2s = FloatVector.broadcast(FLOATS, x[x2 + 2]);
      FloatVector u2s = FloatVector.broadcast(FLOATS, x[x3 + 2]);
      FloatVector v20 =
          (FloatVector)
              w0.lanewise(VectorOperators.LSHL, 8)
                  .lanewise(VectorOperators.AND, FOURTH)
                  .convert(VectorOperators.I2F, 0);
      a0 = v20.fma(x2s, a0);
      b0 = v20.fma(y2s, b0);
      c0 = v20.fma(z2s, c0);
      d0 = v20.fma(u2s, d0);
      FloatVector v21 =
          (FloatVector)
              w1.lanewise(VectorOperators.LSHL, 8)
                  .lanewise(VectorOperators.AND, FOURTH)
                  .convert(VectorOperators.I2F, 0);
      a1 = v21.fma(x2s, a1);
      b1 = v21.fma(y2s, b1);
      c1 = v21.fma(z2s, c1);
      d1 = v21.fma(u2s, d1);
      FloatVector v22 =
          (FloatVector)
              w2.lanewise(VectorOperators.LSHL, 8)
                  .lanewise(VectorOperators.AND, FOURTH)
                  .convert(VectorOperators.I2F, 0);
      a2 = v22.fma(x2s, a2);
      b2 = v22.fma(y2s, b2);
      c2 = v22.fma(z2s, c2);
      d2 = v22.fma(u2s, d2);
      FloatVector v23 =
          (FloatVector)
              w3.lanewise(VectorOperators.LSHL, 8)
                  .lanewise(VectorOperators.AND, FOURTH)
                  .convert(VectorOperators.I2F, 0);
      a3 = v23.fma(x2s, a3);
      b3 = v23.fma(y2s, b3);
      c3 = v23.fma(z2s, c3);
      d3 = v23.fma(u2s, d3);
      FloatVector x3s = FloatVector.broadcast(FLOATS, x[x0 + 3]);
      FloatVector y3s = FloatVector.broadcast(FLOATS, x[x1 + 3]);
      FloatVector z3s = FloatVector.broadcast(FLOATS, x[x2 + 3]);
      FloatVector u3s = FloatVector.broadcast(FLOATS, x[x3 + 3]);
      FloatVector v30 =
          (FloatVector) w0.lanewise(VectorOperators.AND, FOURTH).convert(VectorOperators.I2F, 0);
      a0 = v30.fma(x3s, a0);
      b0 = v30.fma(y3s, b0);
      c0 = v30.fma(z3s, c0);
      d0 = v30.fma(u3s, d0);
      FloatVector v31 =
          (FloatVector) w1.lanewise(VectorOperators.AND, FOURTH).convert(VectorOperators.I2F, 0);
      a1 = v31.fma(x3s, a1);
      b1 = v31.fma(y3s, b1);
      c1 = v31.fma(z3s, c1);
      d1 = v31.fma(u3s, d1);
      FloatVector v32 =
          (FloatVector) w2.lanewise(VectorOperators.AND, FOURTH).convert(VectorOperators.I2F, 0);
      a2 = v32.fma(x3s, a2);
      b2 = v32.fma(y3s, b2);
      c2 = v32.fma(z3s, c2);
      d2 = v32.fma(u3s, d2);
      FloatVector v33 =
          (FloatVector) w3.lanewise(VectorOperators.AND, FOURTH).convert(VectorOperators.I2F, 0);
      a3 = v33.fma(x3s, a3);
      b3 = v33.fma(y3s, b3);
      c3 = v33.fma(z3s, c3);
      d3 = v33.fma(u3s, d3);
    }
    FloatVector s0 = FloatVector.fromArray(FLOATS, scales, first);
    FloatVector s1 = FloatVector.fromArray(FLOATS, scales, first + LANES);
    FloatVector s2 = FloatVector.fromArray(FLOATS, scales, first + 2 * LANES);
    FloatVector s3 = FloatVector.fromArray(FLOATS, scales, first + 3 * LANES);
    a0.mul(s0).intoArray(y, target);
    a1.mul(s1).intoArray(y, target + LANES);
    a2.mul(s2).intoArray(y, target + 2 * LANES);
    a3.mul(s3).intoArray(y, target + 3 * LANES);
    b0.mul(s0).intoArray(y, target + width);
    b1.mul(s1).intoArray(y, target + width + LANES);
    b2.mul(s2).intoArray(y, target + width + 2 * LANES);
    b3.mul(s3).intoArray(y, target + width + 3 * LANES);
    c0.mul(s0).intoArray(y, target + 2 * width);
    c1.mul(s1).intoArray(y, target + 2 * width + LANES);
    c2.mul(s2).intoArray(y, target + 2 * width + 2 * LANES);
    c3.mul(s3).intoArray(y, target + 2 * width + 3 * LANES);
    d0.mul(s0).intoArray(y, target + 3 * width);
    d1.mul(s1).intoArray(y, target + 3 * width + LANES);
    d2.mul(s2).intoArray(y, target + 3 * width + 2 * LANES);
    d3.mul(s3).intoArray(y, target + 3 * width + 3 * LANES);
  }
}
