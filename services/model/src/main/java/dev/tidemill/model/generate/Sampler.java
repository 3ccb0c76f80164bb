package dev.tidemill.model.generate;

import java.util.Arrays;
import java.util.Comparator;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;

/// Draws tokens of one sequence from its logits. Used by one thread.
public final class Sampler {
  private final double temperature;
  private final double topP;
  private final RandomGenerator random;

  public Sampler(SamplingParameters parameters) {
    temperature = parameters.temperature();
    topP = parameters.topP();
    random = RandomGeneratorFactory.of("L64X128MixRandom").create(parameters.seed());
  }

  /// The next token.
  ///
  /// @throws IllegalStateException when no logit is finite, which only a broken model gives
  public int sample(float[] logits) {
    int likeliest = likeliest(logits);
    if (temperature == 0) {
      return likeliest;
    }
    double[] mass = new double[logits.length];
    double total = 0;
    for (int i = 0; i < logits.length; i++) {
      double scaled = (logits[i] - (double) logits[likeliest]) / temperature;
      mass[i] = Double.isNaN(scaled) ? 0 : Math.exp(scaled);
      total += mass[i];
    }
    double point = random.nextDouble();
    return topP < 1 ? nucleus(mass, total, point, likeliest) : draw(mass, point * total, likeliest);
  }

  private static int draw(double[] mass, double point, int fallback) {
    double passed = 0;
    for (int i = 0; i < mass.length; i++) {
      passed += mass[i];
      if (point < passed) {
        return i;
      }
    }
    return fallback;
  }

  /// Draws among the fewest likeliest tokens that reach `topP`.
  private int nucleus(double[] mass, double total, double point, int fallback) {
    // What is below this share can be in the nucleus only when nothing else is left.
    double negligible = total * (1 - topP) / mass.length;
    Integer[] order =
        IntStream.range(0, mass.length)
            .filter(i -> mass[i] >= negligible)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer i) -> -mass[i]).thenComparing(i -> i))
            .toArray(Integer[]::new);
    double kept = 0;
    int size = 0;
    while (size < order.length && kept < topP * total) {
      kept += mass[order[size++]];
    }
    double passed = 0;
    for (Integer token : Arrays.copyOf(order, size)) {
      passed += mass[token];
      if (point * kept < passed) {
        return token;
      }
    }
    return fallback;
  }

  private static int likeliest(float[] logits) {
    int best = -1;
    for (int i = 0; i < logits.length; i++) {
      if (Float.isFinite(logits[i]) && (best < 0 || logits[i] > logits[best])) {
        best = i;
      }
    }
    if (best < 0) {
      throw new IllegalStateException("The model gave no finite logit.");
    }
    return best;
  }
}
