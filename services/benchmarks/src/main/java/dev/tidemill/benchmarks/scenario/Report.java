package dev.tidemill.benchmarks.scenario;

import java.io.PrintStream;
import java.util.Arrays;
import java.util.Locale;

/// What a scenario measured, line by line beside its bars.
final class Report {
  private final PrintStream out;
  private boolean missed;

  Report(PrintStream out) {
    this.out = out;
  }

  /// A figure without a bar.
  void figure(String name, double value, String unit) {
    out.printf(Locale.ROOT, "        %-48s %14.4g %s%n", name, value, unit);
  }

  /// A count without a bar.
  void count(String name, long value) {
    out.printf(Locale.ROOT, "        %-48s %14d%n", name, value);
  }

  /// A count that must be zero.
  void none(String name, long value) {
    missed |= value != 0;
    out.printf(
        Locale.ROOT, "%-7s %-48s %14d (bar: 0)%n", value == 0 ? "met" : "MISSED", name, value);
  }

  /// A figure that must be at least the bar.
  void atLeast(String name, double value, double bar, String unit) {
    barred(name, value, ">=", bar, unit, value >= bar);
  }

  /// A figure that must be at most the bar.
  void atMost(String name, double value, double bar, String unit) {
    barred(name, value, "<=", bar, unit, value <= bar);
  }

  /// Ends the program: 0 when every bar was met, else 1.
  int exitCode() {
    return missed ? 1 : 0;
  }

  /// The one in the middle; of an even number the greater of two.
  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private void barred(
      String name, double value, String relation, double bar, String unit, boolean met) {
    missed |= !met;
    out.printf(
        Locale.ROOT,
        "%-7s %-48s %14.4g %s (bar: %s %.4g)%n",
        met ? "met" : "MISSED",
        name,
        value,
        unit,
        relation,
        bar);
  }
}
