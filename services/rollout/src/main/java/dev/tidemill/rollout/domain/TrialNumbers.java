package dev.tidemill.rollout.domain;

import dev.tidemill.rollout.RolloutConfig;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;

/// The numbers of a trial at one moment, for decisions and meters. A number that does not exist yet
/// is left out.
public final class TrialNumbers {
  private TrialNumbers() {}

  public static Map<String, Double> of(
      Trial trial, double weight, RolloutConfig config, Instant now) {
    Map<String, Double> numbers = new TreeMap<>();
    BettingArm canary = trial.canaryRatings();
    BettingArm live = trial.liveRatings();
    Difference difference = Difference.of(canary, live, config.alpha());
    numbers.put("alpha", config.alpha());
    numbers.put("margin", config.nonInferiorityMargin());
    numbers.put("weight", weight);
    numbers.put("seconds", Duration.between(trial.pair().startedAt(), now).toMillis() / 1_000.0);
    numbers.put("difference_lower", difference.lower());
    numbers.put("difference_upper", difference.upper());
    arm(numbers, "canary", canary, trial.canaryHealth());
    arm(numbers, "live", live, trial.liveHealth());
    return numbers;
  }

  private static void arm(
      Map<String, Double> numbers, String arm, BettingArm ratings, ArmHealth health) {
    numbers.put("ratings_" + arm, (double) ratings.count());
    numbers.put("completions_" + arm, (double) health.completions());
    put(numbers, "mean_rating_" + arm, ratings.mean());
    put(numbers, "error_share_" + arm, health.errors().mean());
    put(numbers, "empty_share_" + arm, health.empty().mean());
    put(numbers, "cut_off_share_" + arm, health.capped().mean());
    put(numbers, "p95_seconds_" + arm, health.p95Seconds());
    put(numbers, "mean_answer_characters_" + arm, health.meanLength());
  }

  private static void put(Map<String, Double> numbers, String name, double value) {
    if (!Double.isNaN(value)) {
      numbers.put(name, value);
    }
  }
}
