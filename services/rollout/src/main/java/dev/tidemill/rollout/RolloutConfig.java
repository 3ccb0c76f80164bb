package dev.tidemill.rollout;

import java.time.Duration;
import java.util.List;

/// How canaries are tried and judged (section `rollout`). What is left out has the default named.
///
/// @param steps shares of the traffic, growing; default 0.1 until 30 ratings, then 0.5
/// @param alpha chance that the test ever calls equal releases different; 0.05
/// @param nonInferiorityMargin how much worse a mean rating still counts as no worse; 0.05
/// @param minCanaryRatings ratings of the canary without which it is never promoted; 20
/// @param maxCanaryRatings ratings of the canary after which the trial is inconclusive; 5000
/// @param maxDuration time after which the trial is inconclusive; 6 h
/// @param maxRatingsPerSubject ratings of one subject that count on one arm; 20
/// @param onInconclusive what happens then; roll_back
/// @param adapters what an adapter must show; superior
/// @param bases what a base must show; non_inferior
/// @param guardrails bounds that hold whatever the ratings say
/// @param maxParkedFeedback feedback kept that came before its completion; 10000
/// @param decisionTimeout after which a decision that shows no effect is published again; 30 s
public record RolloutConfig(
    List<Step> steps,
    double alpha,
    double nonInferiorityMargin,
    int minCanaryRatings,
    int maxCanaryRatings,
    Duration maxDuration,
    int maxRatingsPerSubject,
    OnInconclusive onInconclusive,
    Requirement adapters,
    Requirement bases,
    Guardrails guardrails,
    int maxParkedFeedback,
    Duration decisionTimeout) {

  public RolloutConfig {
    steps =
        steps == null || steps.isEmpty()
            ? List.of(new Step(0.1, 30), new Step(0.5, 0))
            : List.copyOf(steps);
    alpha = alpha == 0 ? 0.05 : alpha;
    nonInferiorityMargin = nonInferiorityMargin == 0 ? 0.05 : nonInferiorityMargin;
    minCanaryRatings = minCanaryRatings == 0 ? 20 : minCanaryRatings;
    maxCanaryRatings = maxCanaryRatings == 0 ? 5_000 : maxCanaryRatings;
    maxDuration = maxDuration == null ? Duration.ofHours(6) : maxDuration;
    maxRatingsPerSubject = maxRatingsPerSubject == 0 ? 20 : maxRatingsPerSubject;
    onInconclusive = onInconclusive == null ? OnInconclusive.ROLL_BACK : onInconclusive;
    adapters = adapters == null ? Requirement.SUPERIOR : adapters;
    bases = bases == null ? Requirement.NON_INFERIOR : bases;
    guardrails = guardrails == null ? Guardrails.defaults() : guardrails;
    maxParkedFeedback = maxParkedFeedback == 0 ? 10_000 : maxParkedFeedback;
    decisionTimeout = decisionTimeout == null ? Duration.ofSeconds(30) : decisionTimeout;
    for (int i = 1; i < steps.size(); i++) {
      if (steps.get(i).weight() <= steps.get(i - 1).weight()) {
        throw new IllegalArgumentException("the weights of steps must grow, was " + steps);
      }
    }
    requireShare("alpha", alpha);
    requireShare("non_inferiority_margin", nonInferiorityMargin);
    requirePositive("min_canary_ratings", minCanaryRatings);
    requirePositive("max_canary_ratings", maxCanaryRatings);
    requirePositive("max_ratings_per_subject", maxRatingsPerSubject);
    requirePositive("max_parked_feedback", maxParkedFeedback);
    requirePositive("max_duration", maxDuration.toMillis());
    requirePositive("decision_timeout", decisionTimeout.toMillis());
    if (minCanaryRatings > maxCanaryRatings) {
      throw new IllegalArgumentException("min_canary_ratings must not be above max_canary_ratings");
    }
  }

  /// Every default.
  public static RolloutConfig defaults() {
    return new RolloutConfig(
        List.of(),
        0,
        0,
        0,
        0,
        Duration.ofHours(6),
        0,
        OnInconclusive.ROLL_BACK,
        Requirement.SUPERIOR,
        Requirement.NON_INFERIOR,
        Guardrails.defaults(),
        0,
        Duration.ofSeconds(30));
  }

  /// A share of the traffic.
  ///
  /// @param weight in (0, 1)
  /// @param minRatings ratings of the canary before the next step
  public record Step(double weight, int minRatings) {
    public Step {
      requireShare("weight", weight);
      if (minRatings < 0) {
        throw new IllegalArgumentException("min_ratings must not be negative, was " + minRatings);
      }
    }
  }

  /// What a canary must show to be promoted.
  public enum Requirement {
    /// Better than the live release.
    SUPERIOR,
    /// Not worse than the live release by the margin.
    NON_INFERIOR
  }

  /// What happens to a canary that showed nothing in time.
  public enum OnInconclusive {
    /// The live release stays.
    ROLL_BACK,
    /// The canary goes live when it is shown to be no worse by the margin.
    PROMOTE_IF_NOT_INFERIOR
  }

  /// Bounds against the live arm.
  ///
  /// @param minCompletions completions of each arm before a ratio may bite; 50
  /// @param alpha error of each test on the shares of errors, empty and cut-off answers; 0.01
  /// @param maxLatencyRatio 95th percentile of the durations, canary to live; 3
  /// @param latencyFloorSeconds a percentile below it is never too slow; 0.25
  /// @param maxLengthRatio mean length of the answers, either way; 4
  public record Guardrails(
      int minCompletions,
      double alpha,
      double maxLatencyRatio,
      double latencyFloorSeconds,
      double maxLengthRatio) {
    public Guardrails {
      minCompletions = minCompletions == 0 ? 50 : minCompletions;
      alpha = alpha == 0 ? 0.01 : alpha;
      maxLatencyRatio = maxLatencyRatio == 0 ? 3 : maxLatencyRatio;
      latencyFloorSeconds = latencyFloorSeconds == 0 ? 0.25 : latencyFloorSeconds;
      maxLengthRatio = maxLengthRatio == 0 ? 4 : maxLengthRatio;
      requirePositive("min_completions", minCompletions);
      requireShare("alpha", alpha);
      if (!(maxLatencyRatio > 1) || !(maxLengthRatio > 1)) {
        throw new IllegalArgumentException(
            "max_latency_ratio and max_length_ratio must be above 1");
      }
    }

    /// Every default.
    public static Guardrails defaults() {
      return new Guardrails(0, 0, 0, 0, 0);
    }
  }

  private static void requireShare(String key, double value) {
    if (!(value > 0 && value < 1)) {
      throw new IllegalArgumentException(key + " must be between 0 and 1, was " + value);
    }
  }

  private static void requirePositive(String key, long value) {
    if (value <= 0) {
      throw new IllegalArgumentException(key + " must be positive, was " + value);
    }
  }
}
