package dev.tidemill.rollout.domain;

import dev.tidemill.events.Action;
import dev.tidemill.events.ArtifactKind;
import dev.tidemill.events.Canary;
import dev.tidemill.events.Release;
import dev.tidemill.events.ReleaseState;
import dev.tidemill.events.Route;
import dev.tidemill.rollout.RolloutConfig;
import dev.tidemill.rollout.RolloutConfig.OnInconclusive;
import dev.tidemill.rollout.RolloutConfig.Requirement;
import dev.tidemill.rollout.RolloutConfig.Step;
import dev.tidemill.schemas.ReleaseId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Decides what to do with the releases of a task. Pure: the same view at the same time gives the
/// same verdicts.
public final class RolloutPolicy {
  private final RolloutConfig config;

  public RolloutPolicy(RolloutConfig config) {
    this.config = config;
  }

  /// What to do now, at most one verdict for each release.
  public List<Verdict> decide(TaskView view, Instant now) {
    List<Release> waiting =
        view.releases().stream()
            .filter(release -> release.getState() == ReleaseState.EVALUATED)
            .sorted(Comparator.comparing(Release::getUpdatedAt).thenComparing(Release::getId))
            .toList();
    List<Verdict> verdicts = new ArrayList<>();
    for (int i = 0; i < waiting.size() - 1; i++) {
      verdicts.add(superseded(waiting.get(i), waiting.getLast()));
    }
    @Nullable Route route = view.route();
    if (route != null && route.getCanary() != null) {
      judge(view, route.getCanary(), now).ifPresent(verdicts::add);
    } else if (!waiting.isEmpty() && settled(view.releases(), route)) {
      verdicts.add(begin(waiting.getLast(), route, waiting.size()));
    }
    return List.copyOf(verdicts);
  }

  /// Whether the route shows every release that has traffic. Releases and routes come by two
  /// topics; one may be a moment ahead.
  private static boolean settled(List<Release> releases, @Nullable Route route) {
    return releases.stream()
        .allMatch(
            release ->
                switch (release.getState()) {
                  case CANARY -> false;
                  case LIVE ->
                      route != null
                          && route.getLive() != null
                          && route.getLive().getRelease().equals(release.getId());
                  case CANDIDATE, EVALUATED, RETIRED, REJECTED, ROLLED_BACK, QUARANTINED, UNKNOWN ->
                      true;
                });
  }

  private Verdict begin(Release release, @Nullable Route route, int waiting) {
    if (route == null || route.getLive() == null) {
      return new Verdict(
          release.getTask(),
          release.getId(),
          Action.PROMOTE,
          1,
          "no live release to compare with",
          Map.of("waiting_releases", (double) waiting));
    }
    double weight = config.steps().getFirst().weight();
    return new Verdict(
        release.getTask(),
        release.getId(),
        Action.START_CANARY,
        weight,
        "goes on trial against " + ReleaseId.brief(route.getLive().getRelease()),
        Map.of("weight", weight, "waiting_releases", (double) waiting));
  }

  private static Verdict superseded(Release old, Release newest) {
    return new Verdict(
        old.getTask(),
        old.getId(),
        Action.ROLL_BACK,
        0,
        "superseded by " + ReleaseId.brief(newest.getId()),
        Map.of(
            "sequence", (double) old.getCandidate().getSequence(),
            "newer_sequence", (double) newest.getCandidate().getSequence()));
  }

  private Optional<Verdict> judge(TaskView view, Canary canary, Instant now) {
    String release = canary.getTarget().getRelease();
    @Nullable Trial trial = view.trial();
    Map<String, Double> numbers =
        trial == null ? Map.of() : TrialNumbers.of(trial, canary.getWeight(), config, now);
    @Nullable String refusal = view.refused().get(release);
    if (refusal != null) {
      return Optional.of(rollBack(view, release, "a replica refuses it: " + refusal, numbers));
    }
    if (trial == null) {
      return Optional.empty();
    }
    Optional<String> broken = GuardrailCheck.broken(trial, config.guardrails());
    if (broken.isPresent()) {
      return Optional.of(rollBack(view, release, broken.get(), numbers));
    }
    return judgeByRatings(view, trial, canary, numbers, now);
  }

  private Optional<Verdict> judgeByRatings(
      TaskView view, Trial trial, Canary canary, Map<String, Double> numbers, Instant now) {
    String release = trial.pair().canary();
    BettingArm mine = trial.canaryRatings();
    BettingArm theirs = trial.liveRatings();
    Difference difference = Difference.of(mine, theirs, config.alpha());
    boolean notInferior = difference.above(-config.nonInferiorityMargin());
    if (difference.below(0)) {
      return Optional.of(rollBack(view, release, "its ratings are worse", numbers));
    }
    if (mine.count() >= config.minCanaryRatings()) {
      if (difference.above(0)) {
        return Optional.of(promote(view, release, "its ratings are better", numbers));
      }
      if (notInferior && requirement(view, release) == Requirement.NON_INFERIOR) {
        return Optional.of(promote(view, release, "its ratings are no worse", numbers));
      }
    }
    Optional<String> over = over(trial, mine, now);
    if (over.isPresent()) {
      boolean promote =
          config.onInconclusive() == OnInconclusive.PROMOTE_IF_NOT_INFERIOR
              && notInferior
              && mine.count() >= config.minCanaryRatings();
      return Optional.of(
          promote
              ? promote(view, release, over.get() + ", and it is no worse", numbers)
              : rollBack(view, release, over.get() + " without a result", numbers));
    }
    return widen(view, canary, mine, theirs, numbers);
  }

  private Optional<String> over(Trial trial, BettingArm mine, Instant now) {
    if (mine.count() >= config.maxCanaryRatings()) {
      return Optional.of("the trial has had its " + config.maxCanaryRatings() + " ratings");
    }
    if (!now.isBefore(trial.pair().startedAt().plus(config.maxDuration()))) {
      return Optional.of("the trial has had its " + config.maxDuration().toSeconds() + " s");
    }
    return Optional.empty();
  }

  private Optional<Verdict> widen(
      TaskView view,
      Canary canary,
      BettingArm mine,
      BettingArm theirs,
      Map<String, Double> numbers) {
    int next = 0;
    while (next < config.steps().size()
        && config.steps().get(next).weight() <= canary.getWeight()) {
      next++;
    }
    if (next == 0 || next == config.steps().size()) {
      return Optional.empty();
    }
    int needed = Math.max(1, config.steps().get(next - 1).minRatings());
    boolean looksSound = mine.mean() >= theirs.mean() - config.nonInferiorityMargin();
    if (mine.count() < needed || !looksSound) {
      return Optional.empty();
    }
    Step step = config.steps().get(next);
    return Optional.of(
        new Verdict(
            view.task(),
            canary.getTarget().getRelease(),
            Action.SET_WEIGHT,
            step.weight(),
            "looks sound after " + mine.count() + " ratings",
            numbers));
  }

  private Requirement requirement(TaskView view, String id) {
    ArtifactKind kind =
        view.releases().stream()
            .filter(release -> release.getId().equals(id))
            .map(release -> release.getCandidate().getKind())
            .findFirst()
            .orElse(ArtifactKind.ADAPTER);
    return switch (kind) {
      case ADAPTER -> config.adapters();
      case BASE -> config.bases();
    };
  }

  private static Verdict promote(
      TaskView view, String release, String reason, Map<String, Double> numbers) {
    return new Verdict(view.task(), release, Action.PROMOTE, 1, reason, numbers);
  }

  private static Verdict rollBack(
      TaskView view, String release, String reason, Map<String, Double> numbers) {
    return new Verdict(view.task(), release, Action.ROLL_BACK, 0, reason, numbers);
  }
}
