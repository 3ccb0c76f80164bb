package dev.tidemill.rollout.domain;

import java.util.Arrays;

/// What the completions of one arm say about errors, latency and degenerate answers.
final class ArmHealth {
  private static final int MOST_DURATIONS = 20_000;

  private final BettingArm errors;
  private final BettingArm empty;
  private final BettingArm capped;
  private double[] durations = new double[64];
  private int timed;
  private long answered;
  private double characters;
  private double p95 = Double.NaN;
  private int p95Of;

  ArmHealth(double alpha) {
    errors = new BettingArm(alpha);
    empty = new BettingArm(alpha);
    capped = new BettingArm(alpha);
  }

  void add(CompletionFact completion) {
    boolean cancelled = completion.finish().equals("cancelled");
    if (cancelled) {
      return;
    }
    boolean error = completion.finish().equals("error");
    errors.add(error ? 1 : 0);
    if (error) {
      return;
    }
    empty.add(completion.answerLength() == 0 ? 1 : 0);
    capped.add(completion.finish().equals("length") ? 1 : 0);
    answered++;
    characters += completion.answerLength();
    if (timed < MOST_DURATIONS) {
      if (timed == durations.length) {
        durations = Arrays.copyOf(durations, timed * 2);
      }
      durations[timed++] = completion.durationSeconds();
    }
  }

  long completions() {
    return errors.count();
  }

  BettingArm errors() {
    return errors;
  }

  BettingArm empty() {
    return empty;
  }

  BettingArm capped() {
    return capped;
  }

  double meanLength() {
    return answered == 0 ? Double.NaN : characters / answered;
  }

  /// 95th percentile of the durations in seconds; NaN when there are none.
  double p95Seconds() {
    if (p95Of != timed) {
      double[] sorted = Arrays.copyOf(durations, timed);
      Arrays.sort(sorted);
      p95 = sorted[(int) Math.ceil(0.95 * timed) - 1];
      p95Of = timed;
    }
    return p95;
  }
}
