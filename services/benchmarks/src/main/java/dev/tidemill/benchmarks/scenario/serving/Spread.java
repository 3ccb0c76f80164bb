package dev.tidemill.benchmarks.scenario.serving;

import java.util.Arrays;
import java.util.Collection;

/// Values in order, for their percentiles.
public final class Spread {
  private final double[] sorted;

  public Spread(Collection<Double> values) {
    sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
  }

  public int count() {
    return sorted.length;
  }

  /// The value that a share of all do not exceed; NaN when there are none.
  public double at(double share) {
    return sorted.length == 0
        ? Double.NaN
        : sorted[Math.max(0, (int) Math.ceil(share * sorted.length) - 1)];
  }

  public double max() {
    return at(1);
  }

  public double mean() {
    return Arrays.stream(sorted).average().orElse(Double.NaN);
  }
}
