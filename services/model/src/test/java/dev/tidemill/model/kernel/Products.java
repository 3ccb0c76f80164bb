package dev.tidemill.model.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;

/// Products with a matrix, and what they have to be.
public final class Products {
  private static final int UPPER = 0xffff0000;

  private Products() {}

  /// Numbers about zero.
  public static float[] random(long seed, int count) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /// Numbers that bf16 holds as they are.
  public static float[] randomBf16(long seed, int count) {
    float[] values = random(seed, count);
    for (int i = 0; i < count; i++) {
      values[i] = Float.intBitsToFloat(Float.floatToRawIntBits(values[i]) & UPPER);
    }
    return values;
  }

  /// Multiplies some numbers of rows and holds the results against `weights`; those of a row
  /// against what the row alone has.
  ///
  /// @param weights output after output
  public static void judge(Matrix matrix, float[] weights, int... counts) {
    for (int rows : counts) {
      float[] x = random(rows, rows * matrix.inputs());
      float[] y = multiply(matrix, x, rows);
      for (int row = 0; row < rows; row++) {
        float[] own = Arrays.copyOfRange(x, row * matrix.inputs(), (row + 1) * matrix.inputs());
        float[] results = results(matrix, y, row);
        assertThat(results).isEqualTo(results(matrix, multiply(matrix, own, 1), 0));
        judgeRow(weights, own, results);
      }
    }
  }

  private static void judgeRow(float[] weights, float[] x, float[] results) {
    double worst = 0;
    for (int output = 0; output < results.length; output++) {
      double sum = 0;
      double size = 0;
      for (int i = 0; i < x.length; i++) {
        double product = (double) weights[output * x.length + i] * x[i];
        sum += product;
        size += Math.abs(product);
      }
      // What so many sums in fp32 can be off by.
      double limit = size * x.length * Math.ulp(1f);
      worst = Math.max(worst, Math.abs(results[output] - sum) / limit);
    }
    assertThat(worst).as("of what an output may be off").isLessThan(1);
  }

  private static float[] multiply(Matrix matrix, float[] x, int rows) {
    float[] y = new float[rows * matrix.width()];
    Arrays.fill(y, Float.NaN);
    float[] arranged = matrix.arranged(x, rows);
    for (int task = 0; task < matrix.tasks(); task++) {
      matrix.multiply(task, arranged, rows, y);
    }
    return y;
  }

  private static float[] results(Matrix matrix, float[] y, int row) {
    int from = row * matrix.width();
    return Arrays.copyOfRange(y, from, from + matrix.outputs());
  }
}
