package dev.tidemill.model.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VectorMathTest {
  private static final double LN_LEAST = -87.3;
  private static final double EPSILON = 1e-5;

  /// What lies outside of what is written.
  private static final float UNTOUCHED = 77;

  private static final float[] EXTREMES = {100, -100, 0, -0.0f, 30, -30, 1e-20f, -1e4f, 1e4f, -88};

  @Test
  void expIsNear() {
    Random random = new Random(1);
    for (int i = 0; i < 2000; i++) {
      float[] x = new float[VectorMath.LANES];
      for (int lane = 0; lane < x.length; lane++) {
        x[lane] = random.nextFloat(-87.3f, 88.2f) * (i % 2 == 0 ? 1 : 0.01f);
      }
      float[] e = exp(x);
      for (int lane = 0; lane < x.length; lane++) {
        double expected = Math.exp(x[lane]);
        assertThat((double) e[lane])
            .as("exp(%s)", x[lane])
            .isCloseTo(expected, within(expected * 3e-7));
      }
    }
  }

  @Test
  void expOfWhatIsBeyondItsRangeIsFiniteAndNotZero() {
    float[] e = exp(0, -0.0f, 100, Float.POSITIVE_INFINITY, -100, -1e30f, -90, Float.NaN);
    assertThat(e[0]).isEqualTo(1);
    assertThat(e[1]).isEqualTo(1);
    assertThat(e[2]).isFinite().isGreaterThan(2e38f).isEqualTo(e[3]);
    double least = Math.exp(LN_LEAST);
    assertThat((double) e[4]).isCloseTo(least, within(least * 1e-5));
    assertThat(e[5]).isEqualTo(e[4]);
    assertThat(e[6]).isEqualTo(e[4]);
    assertThat(e[7]).isNaN();
  }

  private static float[] exp(float... x) {
    float[] e = new float[x.length];
    VectorMath.exp(x, 0, 1, 0, e, 0, x.length);
    return e;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 8, 9, 100})
  void expOfMultiplesAndSums(int count) {
    float[] x = new float[3 + count];
    System.arraycopy(Products.random(7, count), 0, x, 3, count);
    float[] out = untouched(count + 4);
    VectorMath.exp(x, 3, -2, 0.5f, out, 2, count);
    judge(out, count, i -> Math.exp(-2 * x[3 + i] + 0.5));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 8, 9, 100})
  void gatedIsSiluTimesTheOther(int count) {
    float[] x = new float[3 + 2 * count];
    System.arraycopy(inputs(count), 0, x, 3, count);
    System.arraycopy(Products.random(5, count), 0, x, 3 + count, count);
    float[] out = untouched(count + 4);
    VectorMath.gated(x, 3, 3 + count, out, 2, count);
    judge(out, count, i -> x[3 + i] / (1 + Math.exp(-x[3 + i])) * x[3 + count + i]);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 8, 9, 100})
  void geluIsTheFormByTanh(int count) {
    float[] x = new float[3 + count];
    System.arraycopy(inputs(count), 0, x, 3, count);
    float[] out = untouched(count + 4);
    VectorMath.gelu(x, 3, out, 2, count);
    DoubleUnaryOperator gelu =
        v -> v / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v)));
    judge(out, count, i -> gelu.applyAsDouble(x[3 + i]));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 8, 9, 100})
  void softmaxOfScores(int count) {
    float[] x = Arrays.copyOf(Products.random(6, count), count + 2);
    for (int i = 0; i < count; i++) {
      x[i] *= 5;
    }
    judgeSoftmax(x, count);
  }

  @Test
  void softmaxOfEqualScoresIsEqual() {
    for (float score : new float[] {0, 100, -1e30f, 1e30f}) {
      float[] x = untouched(13);
      Arrays.fill(x, 0, 11, score);
      VectorMath.softmax(x, 11);
      for (int i = 0; i < 11; i++) {
        assertThat(x[i]).isEqualTo(x[0]).isCloseTo(1 / 11f, within(1e-8f));
      }
      assertThat(x[11]).isEqualTo(UNTOUCHED);
    }
  }

  @Test
  void softmaxOfScoresFarApart() {
    judgeSoftmax(new float[] {100, -100, 0, 99, 1e4f, -1e30f, 9999, 1e4f, -1e4f, 7}, 10);
    judgeSoftmax(new float[] {-1e30f, -1e30f, -200, -100, -101}, 5);
    judgeSoftmax(new float[] {Float.NEGATIVE_INFINITY, 3}, 2);
  }

  private static void judgeSoftmax(float[] x, int count) {
    double largest = IntStream.range(0, count).mapToDouble(i -> x[i]).max().orElseThrow();
    double[] e = IntStream.range(0, count).mapToDouble(i -> Math.exp(x[i] - largest)).toArray();
    double sum = Arrays.stream(e).sum();
    float[] behind = Arrays.copyOfRange(x, count, x.length);
    VectorMath.softmax(x, count);
    for (int i = 0; i < count; i++) {
      // What is subtracted is rounded: the further apart, the less near.
      double expected = e[i] / sum;
      assertThat((double) x[i]).isCloseTo(expected, within(expected * 5e-6 + 1.3e-38));
    }
    assertThat(Arrays.copyOfRange(x, count, x.length)).isEqualTo(behind);
  }

  @Test
  void totalIsTheSumOfTheLanes() {
    assertThat(VectorMath.total(new float[] {1, 2, 4, 8, 16, 32, 64, 128}, 0)).isEqualTo(255);
    for (int seed = 0; seed < 100; seed++) {
      float[] lanes = Products.random(seed, VectorMath.LANES);
      double sum = IntStream.range(0, lanes.length).mapToDouble(i -> lanes[i]).sum();
      assertThat((double) VectorMath.total(lanes, 0)).isCloseTo(sum, within(2e-6));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 100})
  void rmsNormDividesByTheRootMeanSquare(int count) {
    for (float scale : new float[] {1, 1e-4f, 1e6f, 0}) {
      float[] x = row(count, scale, 0);
      float[] weight = Products.random(8, count);
      double squares = IntStream.range(0, count).mapToDouble(i -> x[3 + i]).map(v -> v * v).sum();
      double root = Math.sqrt(squares / count + EPSILON);
      float[] out = untouched(count + 4);
      VectorMath.rmsNorm(x, 3, count, weight, EPSILON, out, 2);
      judge(out, count, i -> x[3 + i] / root * weight[i]);
      VectorMath.rmsNorm(x, 3, count, weight, EPSILON, x, 3);
      assertSame(x, out, count);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 100})
  void layerNormTakesTheMeanAwayFirst(int count) {
    for (float offset : new float[] {0, 3, -1000}) {
      float[] x = row(count, 1, offset);
      float[] weight = Products.random(8, count);
      float[] bias = Products.random(9, count);
      double mean = IntStream.range(0, count).mapToDouble(i -> x[3 + i]).average().orElseThrow();
      double squares =
          IntStream.range(0, count).mapToDouble(i -> x[3 + i] - mean).map(v -> v * v).sum();
      double root = Math.sqrt(squares / count + EPSILON);
      float[] out = untouched(count + 4);
      VectorMath.layerNorm(x, 3, count, weight, bias, EPSILON, out, 2);
      judge(out, count, i -> (x[3 + i] - mean) / root * weight[i] + bias[i]);
      VectorMath.layerNorm(x, 3, count, weight, bias, EPSILON, x, 3);
      assertSame(x, out, count);
    }
  }

  /// Numbers of usual size with extremes among them.
  private static float[] inputs(int count) {
    float[] x = Products.random(4, count);
    for (int i = 0; i < count; i++) {
      x[i] *= 4;
      if (i % 3 == 1) {
        x[i] = EXTREMES[i / 3 % EXTREMES.length];
      }
    }
    return x;
  }

  /// A row behind three numbers that are none of its.
  private static float[] row(int count, float scale, float offset) {
    float[] x = Products.random(7, 3 + count);
    for (int i = 0; i < x.length; i++) {
      x[i] = x[i] * scale + offset;
    }
    return x;
  }

  private static float[] untouched(int count) {
    float[] values = new float[count];
    Arrays.fill(values, UNTOUCHED);
    return values;
  }

  private interface Expected {
    double at(int index);
  }

  /// Results that stand behind two numbers and before two more.
  private static void judge(float[] out, int count, Expected expected) {
    for (int i = 0; i < count; i++) {
      double value = expected.at(i);
      assertThat((double) out[2 + i])
          .as("value %d", i)
          .isCloseTo(value, within(Math.abs(value) * 2e-6 + 2e-7));
    }
    assertThat(new float[] {out[0], out[1], out[2 + count], out[3 + count]})
        .containsOnly(UNTOUCHED);
  }

  private static void assertSame(float[] row, float[] out, int count) {
    assertThat(Arrays.copyOfRange(row, 3, 3 + count))
        .isEqualTo(Arrays.copyOfRange(out, 2, 2 + count));
  }
}
