package dev.tidemill.platform.window;

import dev.tidemill.events.GateCheck;
import dev.tidemill.events.GateReport;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Makes the checks of a gate. Numbers that are not finite are shown as the largest finite one, and
/// fail.
public final class Gate {

  private Gate() {}

  /// A lower-is-better number that may be at most `baseline * (1 + tolerance)`; without a baseline
  /// at most `limit`.
  ///
  /// @param tolerance may be negative: then the candidate must be better than the live release
  public static GateCheck atMost(
      String name,
      double value,
      @Nullable Double baseline,
      double tolerance,
      double limit,
      String what) {
    double threshold = baseline == null ? limit : baseline * (1 + tolerance);
    String rule =
        baseline == null
            ? "nothing is live to compare with"
            : String.format(Locale.ROOT, "at most %.1f %% above the live release", tolerance * 100);
    return new GateCheck(
        name,
        finite(value),
        baseline == null ? null : finite(baseline),
        finite(threshold),
        Double.isFinite(value) && value <= threshold,
        what + "; lower is better; " + rule);
  }

  /// A lower-is-better number that may be at most `slack` above the live release's.
  public static GateCheck within(
      String name, double value, double baseline, double slack, String what) {
    double threshold = baseline + slack;
    return new GateCheck(
        name,
        finite(value),
        finite(baseline),
        finite(threshold),
        Double.isFinite(value) && value <= threshold,
        String.format(
            Locale.ROOT, "%s; lower is better; at most %.3f above the live release", what, slack));
  }

  /// A higher-is-better number that must reach the threshold.
  public static GateCheck atLeast(
      String name, double value, @Nullable Double baseline, double threshold, String what) {
    return new GateCheck(
        name,
        finite(value),
        baseline,
        threshold,
        Double.isFinite(value) && value >= threshold,
        what + "; higher is better");
  }

  /// A check that cannot be made because too little was held out: it says so and passes.
  public static GateCheck tooFew(String name, int found, int wanted, String what) {
    return new GateCheck(
        name,
        (double) found,
        null,
        (double) wanted,
        true,
        "not checked: " + found + " " + what + ", " + wanted + " are needed");
  }

  /// Whether training stayed finite.
  ///
  /// @param trouble one sentence naming the batch; null when it did
  public static GateCheck finiteTraining(@Nullable String trouble) {
    return new GateCheck(
        "finite_training",
        trouble == null ? 1.0 : 0.0,
        null,
        1.0,
        trouble == null,
        trouble == null ? "every loss and gradient was finite" : trouble);
  }

  /// The report of all checks.
  ///
  /// @param against release that was compared with; null when none was live
  public static GateReport report(@Nullable String against, List<GateCheck> checks) {
    return new GateReport(checks.stream().allMatch(GateCheck::getPassed), against, checks);
  }

  private static double finite(double value) {
    return Double.isFinite(value) ? value : Double.MAX_VALUE;
  }
}
