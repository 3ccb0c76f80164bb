package dev.tidemill.rollout.domain;

/// The difference of two arms' means, as an interval that may be looked at after every rating: with
/// probability 1 - alpha it holds the true difference at all times at once, however the ratings are
/// divided between the arms and whenever one stops.
///
/// To refute "mean(c) is at most mean(l) + d" every pair of means that the hypothesis allows must
/// be refuted. For each such pair there is an m with mean(c) at most m + d and mean(l) at least m;
/// for that m both capitals are supermartingales in the common order of the ratings, and so is
/// their product. The smallest product over all m is thus an e-process, and the hypothesis is
/// refuted when it reaches 2/alpha. Between two grid points the capitals' monotony in m gives the
/// bound.
///
/// The difference of two separate confidence sequences at alpha/2 would be valid too; it needs more
/// ratings, since each arm must refute by itself what the product refutes together.
///
/// @param lower the difference is above this
/// @param upper the difference is below this
public record Difference(double lower, double upper) {

  /// What the two arms say now about mean(canary) - mean(live).
  public static Difference of(BettingArm canary, BettingArm live, double alpha) {
    return new Difference(lower(canary, live, alpha), -lower(live, canary, alpha));
  }

  /// Whether `mean(high) <= mean(low)` is refuted at the error alpha.
  public static boolean greater(BettingArm high, BettingArm low, double alpha) {
    return high.count() > 0
        && low.count() > 0
        && high.mean() > low.mean()
        && refuted(high, low, 0, 1 / alpha);
  }

  /// Whether the difference is above this value.
  public boolean above(double value) {
    return lower >= value;
  }

  /// Whether the difference is below this value.
  public boolean below(double value) {
    return upper <= value;
  }

  private static double lower(BettingArm high, BettingArm low, double alpha) {
    double enough = 2 / alpha;
    int refuted = -BettingArm.CELLS - 1;
    int open = BettingArm.CELLS;
    while (open - refuted > 1) {
      int middle = Math.floorDiv(open + refuted, 2);
      if (refuted(high, low, middle, enough)) {
        refuted = middle;
      } else {
        open = middle;
      }
    }
    return Math.max(-1, (double) refuted / BettingArm.CELLS);
  }

  private static boolean refuted(BettingArm high, BettingArm low, int shift, double enough) {
    int cells = BettingArm.CELLS;
    for (int i = Math.max(0, -1 - shift); i < cells; i++) {
      int j = Math.min(i + 1 + shift, cells);
      if (high.capitalAbove(j) * low.capitalBelow(i) < enough) {
        return false;
      }
    }
    return true;
  }
}
