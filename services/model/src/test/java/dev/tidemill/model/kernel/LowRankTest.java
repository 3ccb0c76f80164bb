package dev.tidemill.model.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Products with tables of adapters against sums in double precision.
class LowRankTest {
  private static final int SLOTS = 3;
  private static final double RELATIVE = 1e-5;

  private final Random random = new Random(7);

  /// Inputs that are no multiple of what a pass takes, and more columns than one pass takes.
  @ParameterizedTest
  @ValueSource(ints = {3, 4, 8, 12, 16, 24, 27, 32, 48, 64, 72, 144})
  void downGivesTheSumsOverInputs(int columns) {
    int inputs = 203;
    try (Arena arena = Arena.ofConfined()) {
      long table = table(arena, (long) SLOTS * inputs * columns);
      LowRank pairs = new LowRank(table, inputs, columns, List.of());
      int at = 5;
      int lowAt = 2;
      float[] x = numbers(at + inputs + 1);
      for (int slot = 0; slot < SLOTS; slot++) {
        float[] low = numbers(lowAt + columns + 1);
        float[] before = low.clone();
        pairs.down(slot, x, at, low, lowAt);
        for (int column = 0; column < columns; column++) {
          double sum = 0;
          double magnitude = 0;
          for (int i = 0; i < inputs; i++) {
            long value = ((long) slot * inputs + i) * columns + column;
            double product = (double) x[at + i] * NativeMemory.bf16(table + 2 * value);
            sum += product;
            magnitude += Math.abs(product);
          }
          assertThat((double) low[lowAt + column])
              .as("slot %d, column %d", slot, column)
              .isCloseTo(sum, within(RELATIVE * magnitude));
        }
        assertThat(low[lowAt - 1]).isEqualTo(before[lowAt - 1]);
        assertThat(low[lowAt + columns]).isEqualTo(before[lowAt + columns]);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "3, 16, 1",
    "4, 24, 2",
    "8, 64, 3",
    "16, 208, 2",
    "24, 37, 2",
    "3, 5, 3",
    "16, 1024, 1"
  })
  void upAddsTheSumsOverRanks(int rank, int width, int pieces) {
    int outputs = width * pieces;
    long values = (long) rank * outputs;
    try (Arena arena = Arena.ofConfined()) {
      long table = table(arena, 1 + SLOTS * values);
      int target = 3;
      int column = 2;
      LowRank.Up part = new LowRank.Up(1, values, target, outputs, width, rank, column);
      LowRank pairs = new LowRank(0, 1, column + rank, List.of(part)).from(table);
      int at = 4;
      int lowAt = 6;
      float[] low = numbers(lowAt + column + rank);
      for (int slot = 0; slot < SLOTS; slot++) {
        float[] before = numbers(at + target + outputs + 1);
        float[] y = before.clone();
        pairs.up(pairs.ups().getFirst(), slot, low, lowAt, y, at);
        int first = at + target;
        for (int output = 0; output < outputs; output++) {
          double sum = before[first + output];
          double magnitude = Math.abs(sum);
          for (int r = 0; r < rank; r++) {
            long row = (long) output / width * rank + r;
            long value = 1 + slot * values + row * width + output % width;
            double product =
                (double) low[lowAt + column + r] * NativeMemory.bf16(table + 2 * value);
            sum += product;
            magnitude += Math.abs(product);
          }
          assertThat((double) y[first + output])
              .as("slot %d, output %d", slot, output)
              .isCloseTo(sum, within(RELATIVE * magnitude));
        }
        assertThat(y[first - 1]).isEqualTo(before[first - 1]);
        assertThat(y[first + outputs]).isEqualTo(before[first + outputs]);
      }
    }
  }

  private long table(Arena arena, long values) {
    long address = arena.allocate(2 * values, 64).address();
    for (long i = 0; i < values; i++) {
      NativeMemory.put(address + 2 * i, NativeMemory.bf16((float) random.nextGaussian()));
    }
    return address;
  }

  private float[] numbers(int count) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    return numbers;
  }
}
