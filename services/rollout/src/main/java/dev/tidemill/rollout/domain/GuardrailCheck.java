package dev.tidemill.rollout.domain;

import dev.tidemill.rollout.RolloutConfig.Guardrails;
import java.util.Locale;
import java.util.Optional;

/// The bounds that hold whatever the ratings say. The shares of errors, of empty and of cut-off
/// answers are compared by the same bets as the ratings, so looking often does no harm; latency and
/// length are ratios with a wide bound, looked at once both arms have enough completions.
final class GuardrailCheck {
  private GuardrailCheck() {}

  /// Which bound the canary broke, as one sentence.
  static Optional<String> broken(Trial trial, Guardrails bounds) {
    ArmHealth canary = trial.canaryHealth();
    ArmHealth live = trial.liveHealth();
    boolean enough =
        canary.completions() >= bounds.minCompletions()
            && live.completions() >= bounds.minCompletions();
    return share("it fails more often", canary.errors(), live.errors(), bounds)
        .or(() -> share("its answers are empty more often", canary.empty(), live.empty(), bounds))
        .or(
            () ->
                share("its answers are cut off more often", canary.capped(), live.capped(), bounds))
        .or(
            () ->
                enough ? latency(canary.p95Seconds(), live.p95Seconds(), bounds) : Optional.empty())
        .or(
            () ->
                enough ? length(canary.meanLength(), live.meanLength(), bounds) : Optional.empty());
  }

  private static Optional<String> share(
      String what, BettingArm canary, BettingArm live, Guardrails bounds) {
    return Difference.greater(canary, live, bounds.alpha())
        ? Optional.of(
            String.format(Locale.ROOT, "%s: %.3f against %.3f", what, canary.mean(), live.mean()))
        : Optional.empty();
  }

  private static Optional<String> latency(double canary, double live, Guardrails bounds) {
    return canary > bounds.latencyFloorSeconds() && canary > live * bounds.maxLatencyRatio()
        ? Optional.of(
            String.format(
                Locale.ROOT,
                "it is too slow: 95 %% of its answers take up to %.3f s against %.3f s",
                canary,
                live))
        : Optional.empty();
  }

  private static Optional<String> length(double canary, double live, Guardrails bounds) {
    double ratio = bounds.maxLengthRatio();
    boolean off = canary > live * ratio || live > canary * ratio;
    return off
        ? Optional.of(
            String.format(
                Locale.ROOT,
                "its answers have another length: %.1f characters against %.1f",
                canary,
                live))
        : Optional.empty();
  }
}
