package dev.tidemill.model.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AttentionTest {
  /// Heads that lie side by side in a cache.
  private static final int HEADS = 3;

  /// Where the query lies among others.
  private static final int AT = 5;

  private static final int LENGTH = 120;

  @ParameterizedTest
  @CsvSource({
    "16, 1, 1",
    "64, 1, 2",
    "64, 7, 1",
    "128, 7, 2",
    "48, 100, 3",
    "64, 100, 2",
    "8, 7, 1",
    "40, 20, 2"
  })
  void isTheMeanOfValuesByTheirScores(int headDim, int seen, int sharing) {
    long stride = 2L * HEADS * headDim;
    try (Arena arena = Arena.ofConfined()) {
      // What is not to be read is no number.
      MemorySegment cache = arena.allocate(2 * LENGTH * stride).fill((byte) 0xff);
      long keys = cache.address() + 2L * headDim;
      long values = keys + LENGTH * stride;
      int together = 2 * headDim;
      float[] key = Products.randomBf16(1, seen * together);
      float[] value = Products.randomBf16(2, seen * together);
      for (int position = 0; position < seen; position++) {
        Attention.store(key, position * together, together, keys + stride * position);
        Attention.store(value, position * together, together, values + stride * position);
      }
      int heads = 2 * sharing;
      float[] queries = Products.random(3, AT + heads * headDim + 4);
      float[] result = queries.clone();
      Attention.attend(result, AT, heads, sharing, headDim, keys, values, stride, seen);

      for (int head = 0; head < heads; head++) {
        int at = AT + head * headDim;
        float[] query = Arrays.copyOfRange(queries, at, at + headDim);
        int from = head / sharing * headDim;
        double[] expected =
            mean(query, part(key, from, headDim, together), part(value, from, headDim, together));
        for (int i = 0; i < headDim; i++) {
          assertThat((double) result[at + i]).isCloseTo(expected[i], within(5e-6));
          queries[at + i] = result[at + i];
        }
      }
      assertThat(result).as("what lies beside them").isEqualTo(queries);
    }
  }

  /// What one head has of rows in which heads lie side by side.
  private static float[] part(float[] rows, int from, int headDim, int together) {
    float[] part = new float[rows.length / together * headDim];
    for (int row = 0; row < rows.length / together; row++) {
      System.arraycopy(rows, row * together + from, part, row * headDim, headDim);
    }
    return part;
  }

  private static double[] mean(float[] query, float[] keys, float[] values) {
    int headDim = query.length;
    int seen = keys.length / headDim;
    double[] mean = new double[headDim];
    double total = 0;
    for (int position = 0; position < seen; position++) {
      double score = 0;
      for (int i = 0; i < headDim; i++) {
        score += (double) query[i] * keys[position * headDim + i];
      }
      double share = Math.exp(score / Math.sqrt(headDim));
      total += share;
      for (int i = 0; i < headDim; i++) {
        mean[i] += share * values[position * headDim + i];
      }
    }
    for (int i = 0; i < headDim; i++) {
      mean[i] /= total;
    }
    return mean;
  }

  @Test
  void storesTheNearestOrTheEvenOfTwo() {
    assertThat(stored(0x3f80_0000)).isEqualTo(0x3f80_0000);
    assertThat(stored(0x3f80_7fff)).isEqualTo(0x3f80_0000);
    assertThat(stored(0x3f80_8000)).as("a tie goes down to even").isEqualTo(0x3f80_0000);
    assertThat(stored(0x3f80_8001)).isEqualTo(0x3f81_0000);
    assertThat(stored(0x3f81_7fff)).isEqualTo(0x3f81_0000);
    assertThat(stored(0x3f81_8000)).as("a tie goes up to even").isEqualTo(0x3f82_0000);
    assertThat(stored(0xbf80_8000)).isEqualTo(0xbf80_0000);
    assertThat(stored(0xbf81_8000)).isEqualTo(0xbf82_0000);
    assertThat(stored(0x3fff_8000)).as("into the next power").isEqualTo(0x4000_0000);
    assertThat(stored(0x0000_8001)).as("the least").isEqualTo(0x0001_0000);
    assertThat(stored(0)).isZero();
    assertThat(stored(0x8000_0000)).as("negative zero").isEqualTo(0x8000_0000);
    assertThat(stored(0x7f80_0000)).as("infinity").isEqualTo(0x7f80_0000);
    assertThat(stored(0xff80_0000)).isEqualTo(0xff80_0000);
    assertThat(stored(0x7f7f_ffff)).as("beyond the largest").isEqualTo(0x7f80_0000);
  }

  @Test
  void whatIsNoNumberStaysNone() {
    for (int bits : new int[] {0x7fc0_0000, 0x7f80_0001, 0x7fff_ffff, 0xff80_0001, 0xffff_ffff}) {
      assertThat(Float.intBitsToFloat(stored(bits))).as("%x", bits).isNaN();
    }
  }

  /// The bits of what is stored for a number.
  private static int stored(int bits) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(Float.BYTES, Float.BYTES);
      float value = Float.intBitsToFloat(bits);
      Attention.store(new float[] {0, value}, 1, 1, memory.address());
      int found = Float.floatToRawIntBits(NativeMemory.bf16(memory.address()));
      memory.set(ValueLayout.JAVA_FLOAT, 0, value);
      assertThat(Float.floatToRawIntBits(NativeMemory.rounded(memory.address()))).isEqualTo(found);
      return found;
    }
  }
}
