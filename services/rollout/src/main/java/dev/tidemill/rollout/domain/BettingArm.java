package dev.tidemill.rollout.domain;

import java.util.Arrays;

/// What the ratings of one arm say about their mean, in bets (Waudby-Smith and Ramdas, "Estimating
/// means of bounded random variables by betting", 2020).
///
/// For each mean m of a grid over [0, 1] two gamblers start with a capital of 1. One bets that the
/// mean is above m, the other that it is below. If the true mean is not above m, the first one's
/// capital is a nonnegative supermartingale: whenever anybody looks, it exceeds 1/alpha with
/// probability at most alpha. The stakes are predictable: they use only the ratings before (the
/// plug-in stakes of the paper), and are cut so that no rating in [0, 1] can take more than a fixed
/// part of the capital.
///
/// The stake does not depend on m but for that cut, so the capital against "at most m" never grows
/// in m, and the one against "at least m" never falls. [Difference] rests on it.
///
/// Adding a rating costs two passes over plain arrays. Not safe for several threads.
public final class BettingArm {
  /// Cells of the grid; 0.005 wide.
  public static final int CELLS = 200;

  /// The largest part of a capital that one rating can take.
  private static final double MOST_AT_STAKE = 0.5;

  // The part of the first capital that is never staked. Without it the gambler who is wrong about a
  // far-off mean would lose without end, and eat up what the other arm wins there.
  private static final double KEPT = 0.1;

  // A capital held at less than it is worth is still a fair one, and products stay finite.
  private static final double MOST_CAPITAL = 1e100;

  private static final double[] MEANS = new double[CELLS + 1];
  private static final double[] MOST_ABOVE = new double[CELLS + 1];
  private static final double[] MOST_BELOW = new double[CELLS + 1];

  static {
    for (int i = 0; i <= CELLS; i++) {
      MEANS[i] = (double) i / CELLS;
      MOST_ABOVE[i] = MOST_AT_STAKE / MEANS[i];
      MOST_BELOW[i] = MOST_AT_STAKE / (1 - MEANS[i]);
    }
  }

  private final double stakes;
  private final double[] above = new double[CELLS + 1];
  private final double[] below = new double[CELLS + 1];
  private long count;
  private double sum;
  private double squares;

  /// @param alpha the error that the bets are sized for; a wrong size costs power, never validity
  public BettingArm(double alpha) {
    if (!(alpha > 0 && alpha < 1)) {
      throw new IllegalArgumentException("alpha must be between 0 and 1, was " + alpha);
    }
    // Half of the paper's, which sizes them for one arm alone: here two arms win together.
    this.stakes = Math.log(2 / alpha);
    clear();
  }

  /// Forgets every rating.
  public void clear() {
    Arrays.fill(above, 1);
    Arrays.fill(below, 1);
    count = 0;
    sum = 0;
    squares = 0;
  }

  /// Takes the next rating.
  public void add(double rating) {
    if (!(rating >= 0 && rating <= 1)) {
      throw new IllegalArgumentException("a rating must be in [0, 1], was " + rating);
    }
    double next = count + 1;
    double variance = (0.25 + squares) / next;
    double stake = Math.sqrt(stakes / (variance * next * Math.log(next + 1)));
    for (int i = 0; i <= CELLS; i++) {
      double gain = rating - MEANS[i];
      above[i] = Math.min(above[i] * (1 + Math.min(stake, MOST_ABOVE[i]) * gain), MOST_CAPITAL);
      below[i] = Math.min(below[i] * (1 - Math.min(stake, MOST_BELOW[i]) * gain), MOST_CAPITAL);
    }
    count++;
    sum += rating;
    double deviation = rating - (0.5 + sum) / (count + 1);
    squares += deviation * deviation;
  }

  /// Number of ratings.
  public long count() {
    return count;
  }

  /// Their mean; NaN when there are none.
  public double mean() {
    return count == 0 ? Double.NaN : sum / count;
  }

  /// The capital won against "the mean is at most cell / CELLS".
  double capitalAbove(int cell) {
    return KEPT + (1 - KEPT) * above[cell];
  }

  /// The capital won against "the mean is at least cell / CELLS".
  double capitalBelow(int cell) {
    return KEPT + (1 - KEPT) * below[cell];
  }
}
