package dev.tidemill.curator.text.pii;

import java.util.List;
import java.util.Locale;
import java.util.Random;

/// Seeded randomness for generated texts.
final class Dice {
  static final String DIGITS = "0123456789";
  static final String LOWER = "abcdefghijklmnopqrstuvwxyz";
  static final String UPPER = LOWER.toUpperCase(Locale.ROOT);
  static final String HEX = "0123456789abcdef";
  static final String ALPHANUMERIC = LOWER + UPPER + DIGITS;

  private final Random random;

  Dice(long seed) {
    this.random = new Random(seed);
  }

  int below(int bound) {
    return random.nextInt(bound);
  }

  int between(int least, int most) {
    return least + random.nextInt(most - least + 1);
  }

  boolean chance(double share) {
    return random.nextDouble() < share;
  }

  String of(String alphabet, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append(alphabet.charAt(random.nextInt(alphabet.length())));
    }
    return text.toString();
  }

  String pick(String... choices) {
    return choices[random.nextInt(choices.length)];
  }

  <T> T pick(List<T> choices) {
    return choices.get(random.nextInt(choices.size()));
  }
}
