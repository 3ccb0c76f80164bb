package dev.tidemill.model.kernel;

import static dev.tidemill.model.kernel.NativeMemory.ALL;
import static dev.tidemill.model.kernel.NativeMemory.ORDER;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Functions of whole vectors. Each operation and its order is written out, so that results are the
/// same to the bit before and after the JVM has compiled them.
public final class VectorMath {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_256;
  private static final VectorSpecies<Integer> PAIRS = IntVector.SPECIES_256;
  static final int LANES = FLOATS.length();

  /// Numbers in bf16 of which a vector holds the pairs.
  static final int STEP = 2 * LANES;

  /// The second of a pair.
  static final int UPPER = 0xffff0000;

  /// Below it, e to the x is taken for e to this.
  private static final float LEAST = -87.3f;

  private static final float MOST = 88.3f;
  private static final float LOG2_E = 1.442695f;

  /// ln 2 in two parts: the first has few digits, so that small multiples of it are exact.
  private static final float LN2_UPPER = 0.6933594f;

  private static final float LN2_LOWER = -2.12194440e-4f;

  /// Added to a small number, it leaves no digits behind the point.
  private static final float ROUNDS = 12582912f;

  /// The bias and the place of the exponent of a float.
  private static final int BIAS = 127;

  private static final int EXPONENT = 23;

  private VectorMath() {}

  /// `out = e to the (times * x + plus)`, off by at most 2e-7 of it, `count` values each. Goes from
  /// array to array, as all here does: a vector that is handed from method to method is an object
  /// whenever the JVM thinks the methods too large together.
  static void exp(float[] x, int at, float times, float plus, float[] out, int outAt, int count) {
    for (int i = 0; i < count; i += LANES) {
      var inside = FLOATS.indexInRange(i, count);
      FloatVector v = FloatVector.fromArray(FLOATS, x, at + i, inside).mul(times).add(plus);
      FloatVector limited = v.max(LEAST).min(MOST);
      FloatVector rounded = limited.mul(LOG2_E).add(ROUNDS);
      IntVector power = rounded.reinterpretAsInts().sub(Float.floatToRawIntBits(ROUNDS)).add(BIAS);
      FloatVector n = rounded.sub(ROUNDS);
      FloatVector r = n.fma(FloatVector.broadcast(FLOATS, -LN2_UPPER), limited);
      r = n.fma(FloatVector.broadcast(FLOATS, -LN2_LOWER), r);
      FloatVector p = FloatVector.broadcast(FLOATS, 1.9875691e-4f);
      p = p.fma(r, FloatVector.broadcast(FLOATS, 1.3981999e-3f));
      p = p.fma(r, FloatVector.broadcast(FLOATS, 8.333452e-3f));
      p = p.fma(r, FloatVector.broadcast(FLOATS, 4.1665796e-2f));
      p = p.fma(r, FloatVector.broadcast(FLOATS, 1.6666666e-1f));
      p = p.fma(r, FloatVector.broadcast(FLOATS, 0.5f));
      p = p.fma(r.mul(r), r).add(1f);
      p.mul(power.lanewise(VectorOperators.LSHL, EXPONENT).reinterpretAsFloats())
          .intoArray(out, outAt + i, inside);
    }
  }

  /// `out = silu(x) * times`, `count` values each.
  public static void gated(float[] x, int at, int timesAt, float[] out, int outAt, int count) {
    exp(x, at, -1, 0, out, outAt, count);
    for (int i = 0; i < count; i += LANES) {
      var inside = FLOATS.indexInRange(i, count);
      FloatVector v = FloatVector.fromArray(FLOATS, x, at + i, inside);
      FloatVector times = FloatVector.fromArray(FLOATS, x, timesAt + i, inside);
      FloatVector e = FloatVector.fromArray(FLOATS, out, outAt + i, inside);
      v.div(e.add(1f)).mul(times).intoArray(out, outAt + i, inside);
    }
  }

  /// `out = gelu(x)` in the form by tanh.
  public static void gelu(float[] x, int at, float[] out, int outAt, int count) {
    for (int i = 0; i < count; i += LANES) {
      var inside = FLOATS.indexInRange(i, count);
      FloatVector v = FloatVector.fromArray(FLOATS, x, at + i, inside);
      // (1 + tanh(u)) / 2 is 1 / (1 + exp(-2u)).
      v.mul(v).mul(0.044715f).add(1f).mul(v).mul(-1.595769f).intoArray(out, outAt + i, inside);
    }
    exp(out, outAt, 1, 0, out, outAt, count);
    for (int i = 0; i < count; i += LANES) {
      var inside = FLOATS.indexInRange(i, count);
      FloatVector v = FloatVector.fromArray(FLOATS, x, at + i, inside);
      FloatVector e = FloatVector.fromArray(FLOATS, out, outAt + i, inside);
      v.div(e.add(1f)).intoArray(out, outAt + i, inside);
    }
  }

  /// Softmax in place.
  static void softmax(float[] x, int count) {
    int whole = count - count % LANES;
    FloatVector most = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
    for (int i = 0; i < whole; i += LANES) {
      most = most.max(FloatVector.fromArray(FLOATS, x, i));
    }
    float[] lanes = new float[LANES];
    most.intoArray(lanes, 0);
    float largest = Float.NEGATIVE_INFINITY;
    for (float lane : lanes) {
      largest = Math.max(largest, lane);
    }
    for (int i = whole; i < count; i++) {
      largest = Math.max(largest, x[i]);
    }
    exp(x, 0, 1, -largest, x, 0, count);
    FloatVector sums = FloatVector.zero(FLOATS);
    for (int i = 0; i < whole; i += LANES) {
      sums = sums.add(FloatVector.fromArray(FLOATS, x, i));
    }
    sums.intoArray(lanes, 0);
    float sum = total(lanes, 0);
    for (int i = whole; i < count; i++) {
      sum += x[i];
    }
    float inverse = 1 / sum;
    for (int i = 0; i < count; i++) {
      x[i] *= inverse;
    }
  }

  /// Numbers in the order in which [#dot] takes them: of each sixteen first the even ones; what is
  /// left beyond whole sixteens stays as it is.
  static float[] parted(float[] x, int at, int count, float scale) {
    int whole = count - count % STEP;
    float[] parted = new float[count];
    for (int i = 0; i < count; i++) {
      int lane = i % STEP / 2 + i % 2 * LANES;
      parted[i < whole ? i - i % STEP + lane : i] = x[at + i] * scale;
    }
    return parted;
  }

  /// The product of numbers in bf16 with others, in eight sums.
  ///
  /// @param parted the others, from `from` on
  /// @param count a multiple of 16
  static void dot(long address, float[] parted, int from, int count, float[] sums) {
    FloatVector first = FloatVector.zero(FLOATS);
    FloatVector second = FloatVector.zero(FLOATS);
    for (int i = 0; i < count; i += STEP) {
      IntVector w = IntVector.fromMemorySegment(PAIRS, ALL, address + 2L * i, ORDER);
      first =
          w.lanewise(VectorOperators.LSHL, Short.SIZE)
              .reinterpretAsFloats()
              .fma(FloatVector.fromArray(FLOATS, parted, from + i), first);
      second =
          w.lanewise(VectorOperators.AND, UPPER)
              .reinterpretAsFloats()
              .fma(FloatVector.fromArray(FLOATS, parted, from + i + LANES), second);
    }
    first.add(second).intoArray(sums, 0);
  }

  /// The sum of what the lanes of a vector held.
  static float total(float[] lanes, int at) {
    return ((lanes[at] + lanes[at + 4]) + (lanes[at + 1] + lanes[at + 5]))
        + ((lanes[at + 2] + lanes[at + 6]) + (lanes[at + 3] + lanes[at + 7]));
  }

  /// Divides by the root of the mean square and multiplies by a weight each.
  public static void rmsNorm(
      float[] x, int at, int count, float[] weight, double epsilon, float[] out, int outAt) {
    double squares = 0;
    for (int i = 0; i < count; i++) {
      squares += (double) x[at + i] * x[at + i];
    }
    float scale = (float) (1 / Math.sqrt(squares / count + epsilon));
    for (int i = 0; i < count; i++) {
      out[outAt + i] = x[at + i] * scale * weight[i];
    }
  }

  /// The same after the mean has been subtracted, with a bias each.
  public static void layerNorm(
      float[] x,
      int at,
      int count,
      float[] weight,
      float[] bias,
      double epsilon,
      float[] out,
      int outAt) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += x[at + i];
    }
    double mean = sum / count;
    double squares = 0;
    for (int i = 0; i < count; i++) {
      double off = x[at + i] - mean;
      squares += off * off;
    }
    double scale = 1 / Math.sqrt(squares / count + epsilon);
    for (int i = 0; i < count; i++) {
      out[outAt + i] = (float) ((x[at + i] - mean) * scale) * weight[i] + bias[i];
    }
  }
}
