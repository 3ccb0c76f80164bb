package dev.tidemill.model.generate;

import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.jspecify.annotations.Nullable;

/// Draws the tokens of one sequence from its logits, in this order: penalties and biases, what may
/// come at all, temperature, `min_p`, `top_k`, `top_p`. Used by one thread.
public final class Sampler {
  private final SamplingParameters parameters;
  private final RandomGenerator random;
  private final Set<Integer> prompt = new HashSet<>();
  private final Map<Integer, Integer> drawn = new HashMap<>();
  private final @Nullable TokenConstraint constraint;

  /// @param prompt tokens that `repetition` penalises from the start
  public Sampler(SamplingParameters parameters, int... prompt) {
    this(parameters, null, prompt);
  }

  /// @param constraint which tokens may be drawn, after the penalties; null when all may
  /// @param prompt tokens that `repetition` penalises from the start
  public Sampler(
      SamplingParameters parameters, @Nullable TokenConstraint constraint, int... prompt) {
    this.parameters = parameters;
    this.constraint = constraint;
    random = RandomGeneratorFactory.of("L64X128MixRandom").create(parameters.seed());
    if (parameters.penalties().repetition() != 1) {
      Arrays.stream(prompt).forEach(this.prompt::add);
    }
  }

  /// The next token.
  ///
  /// @throws IllegalStateException when no logit is finite, which only a broken model gives
  public int sample(float[] logits) {
    boolean penalised = !parameters.penalties().changeNothing();
    float[] changed = penalised ? penalised(logits) : logits;
    if (constraint != null) {
      changed = penalised ? changed : logits.clone();
      constraint.mask(changed);
    }
    int token = draw(changed);
    if (penalised) {
      drawn.merge(token, 1, Integer::sum);
    }
    if (constraint != null) {
      constraint.drawn(token);
    }
    return token;
  }

  private float[] penalised(float[] logits) {
    Penalties penalties = parameters.penalties();
    float[] changed = logits.clone();
    penalties
        .bias()
        .forEach(
            (token, bias) -> {
              if (token < changed.length) {
                changed[token] += bias.floatValue();
              }
            });
    for (int token : prompt) {
      if (!drawn.containsKey(token)) {
        changed[token] = repeated(changed[token], penalties.repetition());
      }
    }
    drawn.forEach(
        (token, times) ->
            changed[token] =
                (float)
                    (repeated(changed[token], penalties.repetition())
                        - penalties.presence()
                        - penalties.frequency() * times));
    return changed;
  }

  private static float repeated(float logit, double penalty) {
    return (float) (logit > 0 ? logit / penalty : logit * penalty);
  }

  private int draw(float[] logits) {
    int likeliest = likeliest(logits);
    if (parameters.temperature() == 0) {
      return likeliest;
    }
    double[] mass = new double[logits.length];
    double total = 0;
    for (int i = 0; i < logits.length; i++) {
      double scaled = (logits[i] - (double) logits[likeliest]) / parameters.temperature();
      double share = Double.isNaN(scaled) ? 0 : Math.exp(scaled);
      // The likeliest has 1, so this is its share of the likeliest.
      mass[i] = share >= parameters.minP() ? share : 0;
      total += mass[i];
    }
    double point = random.nextDouble();
    return parameters.topP() < 1 || parameters.topK() > 0
        ? fewest(mass, total, point, likeliest)
        : passing(mass, point * total, likeliest);
  }

  private static int passing(double[] mass, double point, int fallback) {
    double passed = 0;
    for (int i = 0; i < mass.length; i++) {
      passed += mass[i];
      if (point < passed) {
        return i;
      }
    }
    return fallback;
  }

  /// Draws among the `top_k` likeliest, and of those the fewest that reach `top_p` of their mass.
  private int fewest(double[] mass, double total, double point, int fallback) {
    int most = parameters.topK() == 0 ? mass.length : Math.min(parameters.topK(), mass.length);
    // What is below this share can be in the nucleus only when nothing else is left; with top_k
    // the mass that counts is not known yet.
    double negligible = parameters.topK() == 0 ? total * (1 - parameters.topP()) / mass.length : 0;
    int[] order = likeliestFirst(mass, negligible);
    most = Math.min(most, order.length);
    double considered = 0;
    for (int i = 0; i < most; i++) {
      considered += mass[order[i]];
    }
    double wanted =
        parameters.topK() == 0 ? parameters.topP() * total : parameters.topP() * considered;
    double kept = 0;
    int size = 0;
    while (size < most && kept < wanted) {
      kept += mass[order[size++]];
    }
    double passed = 0;
    for (int i = 0; i < size; i++) {
      passed += mass[order[i]];
      if (point * kept < passed) {
        return order[i];
      }
    }
    return fallback;
  }

  private static int[] likeliestFirst(double[] mass, double least) {
    long[] keys = new long[mass.length];
    int count = 0;
    for (int i = 0; i < mass.length; i++) {
      if (mass[i] > 0 && mass[i] >= least) {
        // Masses are in (0, 1]: their float bits are ordered as they are. The index breaks ties.
        long descending = Integer.MAX_VALUE - (long) Float.floatToIntBits((float) mass[i]);
        keys[count++] = descending << 32 | i;
      }
    }
    Arrays.sort(keys, 0, count);
    int[] order = new int[count];
    for (int i = 0; i < count; i++) {
      order[i] = (int) keys[i];
    }
    return order;
  }

  private static int likeliest(float[] logits) {
    int best = -1;
    float most = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < logits.length; i++) {
      if (logits[i] > most && logits[i] < Float.POSITIVE_INFINITY) {
        best = i;
        most = logits[i];
      }
    }
    if (best < 0) {
      throw new IllegalStateException("The model gave no finite logit.");
    }
    return best;
  }
}
