package dev.tidemill.model.kernel;

import static dev.tidemill.model.kernel.NativeMemory.ALL;
import static dev.tidemill.model.kernel.NativeMemory.ORDER;
import static dev.tidemill.model.kernel.VectorMath.LANES;
import static dev.tidemill.model.kernel.VectorMath.STEP;
import static dev.tidemill.model.kernel.VectorMath.UPPER;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// Attention of query heads over a cache in bf16, where it lies.
public final class Attention {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_256;
  private static final VectorSpecies<Integer> PAIRS = IntVector.SPECIES_256;

  /// Each lane for the one so many away.
  private static final VectorShuffle<Float> BY_FOUR = VectorShuffle.fromOp(FLOATS, i -> i ^ 4);

  private static final VectorShuffle<Float> BY_TWO = VectorShuffle.fromOp(FLOATS, i -> i ^ 2);

  private static final VectorShuffle<Float> BY_ONE = VectorShuffle.fromOp(FLOATS, i -> i ^ 1);

  /// Dimensions that are multiplied at once while the query stays in registers.
  private static final int WIDE = LowRankUp.PIECE;

  /// Positions that all heads go over before the next are read: keys of one position lie together,
  /// those of one head apart, and memory is faster from place to place. Few enough that they stay
  /// in the nearest cache.
  private static final int TILE = 32;

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

  /// The means of values by how well their keys suit the query of each head.
  ///
  /// @param queries of the heads, one after the other, from `at` on; replaced by the results
  /// @param sharing so many heads have keys and values in common
  /// @param keys address of the first position, head after head, the others `stride` bytes apart
  /// @param values the same of values
  public static void attend(
      float[] queries,
      int at,
      int heads,
      int sharing,
      int headDim,
      long keys,
      long values,
      long stride,
      int seen) {
    float[][] parted = new float[heads][];
    float[][] shares = new float[heads][seen];
    for (int head = 0; head < heads; head++) {
      float scale = (float) (1 / Math.sqrt(headDim));
      parted[head] = VectorMath.parted(queries, at + head * headDim, headDim, scale);
    }
    float[] products = new float[TILE + LANES];
    for (int from = 0; from < seen; from += TILE) {
      int count = Math.min(TILE, seen - from);
      for (int head = 0; head < heads; head++) {
        long first = keys + stride * from + 2L * headDim * (head / sharing);
        scores(parted[head], first, stride, count, products, shares[head], from);
      }
    }
    for (float[] each : shares) {
      VectorMath.softmax(each, seen);
    }
    Arrays.fill(queries, at, at + heads * headDim, 0);
    for (int from = 0; from < seen; from += TILE) {
      int count = Math.min(TILE, seen - from);
      for (int head = 0; head < heads; head++) {
        long first = values + stride * from + 2L * headDim * (head / sharing);
        mix(
            first,
            stride,
            count,
            shares[head],
            from,
            queries,
            at + head * headDim,
            headDim,
            products);
      }
    }
  }

  /// How well the keys of some positions suit a query.
  ///
  /// @param parted the query, scaled, as [VectorMath#parted] orders it
  private static void scores(
      float[] parted,
      long keys,
      long stride,
      int count,
      float[] products,
      float[] scores,
      int from) {
    int wide = parted.length / WIDE * WIDE;
    int whole = parted.length / STEP * STEP;
    for (int i = 0; i < wide; i += WIDE) {
      dots(keys + 2L * i, stride, count, parted, i, products);
      for (int position = 0; position < count; position++) {
        scores[from + position] += products[position];
      }
    }
    if (wide == parted.length) {
      return;
    }
    for (int position = 0; position < count; position++) {
      long key = keys + stride * position;
      float score = 0;
      if (wide < whole) {
        VectorMath.dot(key + 2L * wide, parted, wide, whole - wide, products);
        score = VectorMath.total(products, 0);
      }
      for (int i = whole; i < parted.length; i++) {
        score += parted[i] * NativeMemory.bf16(key + 2L * i);
      }
      scores[from + position] += score;
    }
  }

  /// Adds the values of some positions, each times its share: what rows of a matrix B are to low
  /// ranks.
  private static void mix(
      long values,
      long stride,
      int count,
      float[] shares,
      int from,
      float[] out,
      int at,
      int headDim,
      float[] rest) {
    int wide = headDim / WIDE * WIDE;
    int whole = headDim / STEP * STEP;
    for (int i = 0; i < wide; i += WIDE) {
      LowRankUp.piece(values + 2L * i, stride, count, shares, from, out, at + i);
    }
    for (int i = wide; i < whole; i += STEP) {
      LowRankDown.one(values + 2L * i, stride, count, shares, from, rest);
      for (int lane = 0; lane < LANES; lane++) {
        out[at + i + 2 * lane] += rest[lane];
        out[at + i + 2 * lane + 1] += rest[LANES + lane];
      }
    }
    for (int i = whole; i < headDim; i++) {
      float sum = 0;
      for (int position = 0; position < count; position++) {
        sum += shares[from + position] * NativeMemory.bf16(values + stride * position + 2L * i);
      }
      out[at + i] += sum;
    }
  }

  /// The product of a part of the query and of the key of each position, and so many places more
  /// as a vector has lanes.
  private static void dots(
      long keys, long stride, int count, float[] parted, int from, float[] products) {
    FloatVector q0 = FloatVector.fromArray(FLOATS, parted, from);
    FloatVector q1 = FloatVector.fromArray(FLOATS, parted, from + LANES);
    FloatVector q2 = FloatVector.fromArray(FLOATS, parted, from + 2 * LANES);
    FloatVector q3 = FloatVector.fromArray(FLOATS, parted, from + 3 * LANES);
    FloatVector q4 = FloatVector.fromArray(FLOATS, parted, from + 4 * LANES);
    FloatVector q5 = FloatVector.fromArray(FLOATS, parted, from + 5 * LANES);
    FloatVector q6 = FloatVector.fromArray(FLOATS, parted, from + 6 * LANES);
    FloatVector q7 = FloatVector.fromArray(FLOATS, parted, from + 7 * LANES);
    for (int position = 0; position < count; position++) {
      long key = keys + stride * position;
      IntVector w0 = IntVector.fromMemorySegment(PAIRS, ALL, key, ORDER);
      IntVector w1 = IntVector.fromMemorySegment(PAIRS, ALL, key + 32, ORDER);
      IntVector w2 = IntVector.fromMemorySegment(PAIRS, ALL, key + 64, ORDER);
      IntVector w3 = IntVector.fromMemorySegment(PAIRS, ALL, key + 96, ORDER);
      FloatVector a = w0.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats().mul(q0);
      FloatVector b = w0.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats().mul(q1);
      FloatVector c = w1.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats().mul(q2);
      FloatVector d = w1.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats().mul(q3);
      a = w2.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats().fma(q4, a);
      b = w2.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats().fma(q5, b);
      c = w3.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats().fma(q6, c);
      d = w3.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats().fma(q7, d);
      FloatVector sum = a.add(b).add(c.add(d));
      sum = sum.add(sum.rearrange(BY_FOUR));
      sum = sum.add(sum.rearrange(BY_ONE));
      // The lanes behind the first are overwritten by the next.
      sum.add(sum.rearrange(BY_TWO)).intoArray(products, position);
    }
  }
}
