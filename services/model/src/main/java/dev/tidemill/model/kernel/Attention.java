package dev.tidemill.model.kernel;

import static dev.tidemill.model.kernel.NativeMemory.ALL;
import static dev.tidemill.model.kernel.NativeMemory.ORDER;
import static dev.tidemill.model.kernel.VectorMath.LANES;
import static dev.tidemill.model.kernel.VectorMath.STEP;
import static dev.tidemill.model.kernel.VectorMath.UPPER;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Attention of one query head over a cache in bf16, where it lies.
public final class Attention {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_256;
  private static final VectorSpecies<Integer> PAIRS = IntVector.SPECIES_256;

  private Attention() {}

  /// Writes a head's key or value to its place in the cache.
  public static void store(float[] x, int at, int headDim, long address) {
    for (int i = 0; i < headDim; i++) {
      NativeMemory.put(address + 2L * i, NativeMemory.bf16(x[at + i]));
    }
  }

  /// Turns a head by the angles of its position, of which `cosines` and `sines` have a row at
  /// `from`, the first half of the sines negated.
  public static void turn(
      float[] x, int at, int headDim, float[] cosines, float[] sines, int from) {
    int half = headDim / 2;
    for (int i = 0; i < half; i++) {
      float one = x[at + i];
      float other = x[at + half + i];
      x[at + i] = one * cosines[from + i] + other * sines[from + i];
      x[at + half + i] = other * cosines[from + half + i] + one * sines[from + half + i];
    }
  }

  /// The mean of values by how well their keys suit a query.
  ///
  /// @param query of the head, at `at`; replaced by the result
  /// @param keys address of the first key, the others `stride` bytes apart
  /// @param values the same of values
  public static void attend(
      float[] query, int at, int headDim, long keys, long values, long stride, int seen) {
    float[] scores = new float[seen];
    int whole = headDim / STEP * STEP;
    float[] parted = VectorMath.parted(query, at, headDim, (float) (1 / Math.sqrt(headDim)));
    float[] first = new float[LANES];
    float[] second = new float[LANES];
    for (int position = 0; position < seen; position++) {
      long key = keys + stride * position;
      VectorMath.dot(key, parted, 0, whole, first);
      float score = VectorMath.total(first);
      for (int i = whole; i < headDim; i++) {
        score += parted[i] * NativeMemory.bf16(key + 2L * i);
      }
      scores[position] = score;
    }
    VectorMath.softmax(scores, seen);
    for (int i = 0; i < whole; i += STEP) {
      mix(values + 2L * i, stride, seen, scores, first, second);
      for (int lane = 0; lane < LANES; lane++) {
        query[at + i + 2 * lane] = first[lane];
        query[at + i + 2 * lane + 1] = second[lane];
      }
    }
    for (int i = whole; i < headDim; i++) {
      float sum = 0;
      for (int position = 0; position < seen; position++) {
        sum += scores[position] * NativeMemory.bf16(values + stride * position + 2L * i);
      }
      query[at + i] = sum;
    }
  }

  private static void mix(
      long values, long stride, int seen, float[] shares, float[] first, float[] second) {
    FloatVector a = FloatVector.zero(FLOATS);
    FloatVector b = FloatVector.zero(FLOATS);
    for (int position = 0; position < seen; position++) {
      IntVector w = IntVector.fromMemorySegment(PAIRS, ALL, values + stride * position, ORDER);
      FloatVector share = FloatVector.broadcast(FLOATS, shares[position]);
      a = w.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats().fma(share, a);
      b = w.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats().fma(share, b);
    }
    a.intoArray(first, 0);
    b.intoArray(second, 0);
  }
}
