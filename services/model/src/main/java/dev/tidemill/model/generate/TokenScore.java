package dev.tidemill.model.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// How likely the model found a token where it stands, by its own distribution: before penalties,
/// biases, temperature and whatever else is done to draw one.
///
/// @param token the one that stands there
/// @param logProb natural logarithm of its probability; NaN when nothing is known about it, as for
///   the first token of a text
/// @param likeliest the likeliest tokens in its place, the likeliest first
public record TokenScore(int token, double logProb, List<Ranked> likeliest) {

  /// A token and the natural logarithm of its probability.
  public record Ranked(int token, double logProb) {}

  public TokenScore {
    likeliest = List.copyOf(likeliest);
  }

  /// Of a token that nothing comes before.
  public static TokenScore unknown(int token) {
    return new TokenScore(token, Double.NaN, List.of());
  }

  public boolean known() {
    return !Double.isNaN(logProb);
  }

  static TokenScore of(float[] logits, int token, int top) {
    double highest = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      highest = logit > highest ? logit : highest;
    }
    double mass = 0;
    for (float logit : logits) {
      mass += Float.isNaN(logit) ? 0 : Math.exp(logit - highest);
    }
    double total = highest + Math.log(mass);
    List<Ranked> likeliest = new ArrayList<>();
    for (int best : best(logits, top)) {
      likeliest.add(new Ranked(best, logits[best] - total));
    }
    return new TokenScore(token, logits[token] - total, likeliest);
  }

  /// The highest logits, the first of equals first.
  private static int[] best(float[] logits, int most) {
    int[] best = new int[Math.min(most, logits.length)];
    int found = 0;
    for (int i = 0; i < logits.length; i++) {
      if (best.length == 0
          || Float.isNaN(logits[i])
          || (found == best.length && !(logits[i] > logits[best[found - 1]]))) {
        continue;
      }
      int at = found < best.length ? found++ : found - 1;
      while (at > 0 && logits[i] > logits[best[at - 1]]) {
        best[at] = best[at - 1];
        at--;
      }
      best[at] = i;
    }
    return found == best.length ? best : Arrays.copyOf(best, found);
  }
}
