package dev.tidemill.rollout.domain;

import static dev.tidemill.rollout.Records.TASK;
import static dev.tidemill.rollout.Records.id;
import static dev.tidemill.rollout.Records.release;
import static dev.tidemill.rollout.Records.route;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.events.Action;
import dev.tidemill.events.Arm;
import dev.tidemill.events.ArtifactKind;
import dev.tidemill.events.Release;
import dev.tidemill.events.ReleaseState;
import dev.tidemill.events.Route;
import dev.tidemill.rollout.RolloutConfig;
import dev.tidemill.rollout.RolloutConfig.Guardrails;
import dev.tidemill.rollout.RolloutConfig.OnInconclusive;
import dev.tidemill.rollout.RolloutConfig.Requirement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RolloutPolicyTest {
  private static final Instant START = Instant.ofEpochSecond(1_000);
  private static final RolloutConfig CONFIG = RolloutConfig.defaults();

  private RolloutConfig config = CONFIG;
  private Instant now = START.plusSeconds(60);
  private ArtifactKind kind = ArtifactKind.ADAPTER;
  private Map<String, String> refused = Map.of();
  private double weight = 0.1;

  @Test
  void nothingToDoWithoutAReleaseThatWaits() {
    assertThat(decide(List.of(), null, null)).isEmpty();
    assertThat(decide(List.of(live()), route(1, "old", null, 0, START), null)).isEmpty();
  }

  @Test
  void theFirstReleaseIsPromotedAtOnce() {
    Verdict verdict = only(decide(List.of(waiting("new", 1)), null, null));
    assertThat(verdict.action()).isEqualTo(Action.PROMOTE);
    assertThat(verdict.weight()).isEqualTo(1);
    assertThat(verdict.reason()).isEqualTo("no live release to compare with");
  }

  @Test
  void aReleaseThatWaitsGoesOnTrial() {
    Verdict verdict =
        only(decide(List.of(live(), waiting("new", 1)), route(1, "old", null, 0, START), null));
    assertThat(verdict.action()).isEqualTo(Action.START_CANARY);
    assertThat(verdict.weight()).isEqualTo(0.1);
    assertThat(verdict.decision(now).getSalt()).hasSize(16);
    assertThat(verdict.decision(now).getId())
        .isEqualTo(verdict.decision(now.plusSeconds(9)).getId());
  }

  @Test
  void theNewestGoesOnTrialAndTheOthersAreSuperseded() {
    List<Verdict> verdicts =
        decide(
            List.of(live(), waiting("a", 3), waiting("b", 1), waiting("c", 2)),
            route(1, "old", null, 0, START),
            null);
    assertThat(verdicts)
        .extracting(Verdict::release, Verdict::action)
        .containsExactlyInAnyOrder(
            org.assertj.core.groups.Tuple.tuple(id("a"), Action.START_CANARY),
            org.assertj.core.groups.Tuple.tuple(id("b"), Action.ROLL_BACK),
            org.assertj.core.groups.Tuple.tuple(id("c"), Action.ROLL_BACK));
    assertThat(verdicts.getFirst().reason()).startsWith("superseded by");
  }

  @Test
  void whatAnOperatorApprovedLastIsTheNewest() {
    Release approved =
        release(
            ArtifactKind.ADAPTER,
            "approved",
            ReleaseState.EVALUATED,
            "operator:ann",
            START.plusSeconds(9));
    List<Verdict> verdicts =
        decide(List.of(live(), approved, waiting("b", 1)), route(1, "old", null, 0, START), null);
    assertThat(verdicts)
        .filteredOn(verdict -> verdict.action() == Action.START_CANARY)
        .extracting(Verdict::release)
        .containsExactly(id("approved"));
  }

  @Test
  void nothingStartsWhileReleasesAndRouteDisagree() {
    assertThat(decide(List.of(live(), waiting("new", 1)), null, null)).isEmpty();
    assertThat(
            decide(
                List.of(live(), onTrial(), waiting("newer", 1)),
                route(1, "old", null, 0, START),
                null))
        .isEmpty();
  }

  @Test
  void aCanaryWaitsForRatings() {
    assertThat(judge(trial(0, 0, 0, 0))).isEmpty();
    assertThat(judge(trial(19, 1, 19, 0))).isEmpty();
  }

  @Test
  void aBetterCanaryIsPromotedWithItsNumbers() {
    Verdict verdict = only(judge(trial(60, 0.95, 300, 0.5)));
    assertThat(verdict.action()).isEqualTo(Action.PROMOTE);
    assertThat(verdict.numbers())
        .containsEntry("alpha", 0.05)
        .containsEntry("margin", 0.05)
        .containsEntry("weight", 0.1)
        .containsEntry("seconds", 60.0)
        .containsEntry("ratings_canary", 60.0)
        .containsEntry("ratings_live", 300.0)
        .containsEntry("mean_rating_live", 0.5);
    assertThat(Objects.requireNonNull(verdict.numbers().get("difference_lower")))
        .isGreaterThanOrEqualTo(0);
  }

  @Test
  void aWorseCanaryIsRolledBackBeforeItHasItsLeastRatings() {
    Verdict verdict = only(judge(trial(12, 0, 200, 1)));
    assertThat(verdict.action()).isEqualTo(Action.ROLL_BACK);
    assertThat(verdict.weight()).isZero();
    assertThat(verdict.reason()).contains("worse");
  }

  @Test
  void anEqualAdapterStaysAndAnEqualBaseIsPromoted() {
    weight = 0.5;
    Trial equal = trial(4_000, 0.9, 4_000, 0.9);
    assertThat(judge(equal)).isEmpty();
    kind = ArtifactKind.BASE;
    Verdict verdict = only(judge(equal));
    assertThat(verdict.action()).isEqualTo(Action.PROMOTE);
    assertThat(verdict.reason()).contains("no worse");
  }

  @Test
  void theShareGrowsWhenTheCanaryLooksSound() {
    Verdict verdict = only(judge(trial(30, 0.8, 30, 0.8)));
    assertThat(verdict.action()).isEqualTo(Action.SET_WEIGHT);
    assertThat(verdict.weight()).isEqualTo(0.5);
    assertThat(judge(trial(30, 0.5, 30, 0.7))).isEmpty();
    weight = 0.5;
    assertThat(judge(trial(30, 0.8, 30, 0.8))).isEmpty();
  }

  @Test
  void aTrialWithoutAResultEndsByRatingsAndByTime() {
    weight = 0.5;
    config = config(100, OnInconclusive.ROLL_BACK);
    Verdict byRatings = only(judge(trial(100, 0.8, 100, 0.8)));
    assertThat(byRatings.action()).isEqualTo(Action.ROLL_BACK);
    assertThat(byRatings.reason()).contains("100 ratings", "without a result");

    now = START.plus(Duration.ofHours(6));
    assertThat(only(judge(trial(0, 0, 0, 0))).reason()).contains("21600 s");
  }

  @Test
  void aTrialWithoutAResultMayPromoteWhatIsNoWorse() {
    weight = 0.5;
    config = config(4_000, OnInconclusive.PROMOTE_IF_NOT_INFERIOR);
    assertThat(only(judge(trial(4_000, 0.9, 4_000, 0.9))).action()).isEqualTo(Action.PROMOTE);
    config = config(100, OnInconclusive.PROMOTE_IF_NOT_INFERIOR);
    assertThat(only(judge(trial(100, 0.8, 100, 0.8))).action()).isEqualTo(Action.ROLL_BACK);
  }

  @Test
  void aReplicasRefusalEndsTheTrialAtOnce() {
    refused = Map.of(id("new"), "replica-1: bad signature");
    Verdict verdict = only(judge(null));
    assertThat(verdict.action()).isEqualTo(Action.ROLL_BACK);
    assertThat(verdict.reason()).contains("replica-1", "bad signature");
  }

  @Test
  void theGuardrailsBite() {
    assertThat(only(judge(served("error", 5, 0.1, "stop", 5, 0.1))).reason()).contains("fails");
    assertThat(only(judge(served("stop", 0, 0.1, "stop", 5, 0.1))).reason()).contains("empty");
    assertThat(only(judge(served("length", 5, 0.1, "stop", 5, 0.1))).reason()).contains("cut off");
    assertThat(only(judge(served("stop", 5, 1.0, "stop", 5, 0.1))).reason()).contains("slow");
    assertThat(only(judge(served("stop", 50, 0.1, "stop", 5, 0.1))).reason()).contains("length");
    assertThat(judge(served("stop", 6, 0.2, "stop", 5, 0.1))).isEmpty();
    // The live arm's own failures never count against the canary.
    assertThat(judge(served("stop", 5, 0.1, "error", 5, 0.1))).isEmpty();
  }

  private List<Verdict> judge(@Nullable Trial trial) {
    return decide(List.of(live(), onTrial()), route(2, "old", "new", weight, START), trial);
  }

  private List<Verdict> decide(
      List<Release> releases, @Nullable Route route, @Nullable Trial trial) {
    return new RolloutPolicy(config)
        .decide(new TaskView(TASK, releases, route, refused, trial), now);
  }

  private static Verdict only(List<Verdict> verdicts) {
    assertThat(verdicts).hasSize(1);
    return verdicts.getFirst();
  }

  private static RolloutConfig config(int maxCanaryRatings, OnInconclusive onInconclusive) {
    return new RolloutConfig(
        CONFIG.steps(),
        CONFIG.alpha(),
        CONFIG.nonInferiorityMargin(),
        CONFIG.minCanaryRatings(),
        maxCanaryRatings,
        CONFIG.maxDuration(),
        CONFIG.maxRatingsPerSubject(),
        onInconclusive,
        Requirement.SUPERIOR,
        Requirement.NON_INFERIOR,
        Guardrails.defaults(),
        CONFIG.maxParkedFeedback(),
        CONFIG.decisionTimeout());
  }

  private static Release live() {
    return release(ArtifactKind.BASE, "old", ReleaseState.LIVE, "rollout:1", START);
  }

  private Release onTrial() {
    return release(kind, "new", ReleaseState.CANARY, "rollout:2", START);
  }

  private static Release waiting(String name, long second) {
    return release(
        ArtifactKind.ADAPTER, name, ReleaseState.EVALUATED, "gate", START.plusSeconds(second));
  }

  /// A trial in which each arm's good ratings are spread evenly over its ratings.
  private Trial trial(int canary, double canaryMean, int live, double liveMean) {
    Trial trial = new Trial(new Trial.Pair(TASK, id("new"), id("old"), START), config);
    rate(trial, Arm.CANARY, canary, canaryMean);
    rate(trial, Arm.LIVE, live, liveMean);
    return trial;
  }

  private static void rate(Trial trial, Arm arm, int count, double mean) {
    for (int i = 0; i < count; i++) {
      serve(trial, arm, i, "stop", 5, 0.1);
      double value = Math.floor((i + 1) * mean + 1e-9) - Math.floor(i * mean + 1e-9);
      Instant at = START.plusSeconds(i);
      trial.take(new FeedbackFact.Rated("r" + arm + i, arm.name() + i, "s" + i, value, at));
    }
  }

  private Trial served(
      String canaryFinish,
      int canaryLength,
      double canarySeconds,
      String liveFinish,
      int liveLength,
      double liveSeconds) {
    Trial trial = new Trial(new Trial.Pair(TASK, id("new"), id("old"), START), config);
    for (int i = 0; i < 60; i++) {
      serve(trial, Arm.CANARY, i, canaryFinish, canaryLength, canarySeconds);
      serve(trial, Arm.LIVE, i, liveFinish, liveLength, liveSeconds);
    }
    return trial;
  }

  private static void serve(
      Trial trial, Arm arm, int i, String finish, int length, double seconds) {
    String release = id(arm == Arm.CANARY ? "new" : "old");
    trial.take(
        new CompletionFact(
            arm.name() + i, TASK, release, arm, null, finish, length, seconds, START));
  }
}
