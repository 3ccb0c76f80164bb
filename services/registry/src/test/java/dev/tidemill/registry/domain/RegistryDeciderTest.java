package dev.tidemill.registry.domain;

import static dev.tidemill.registry.Records.BASE;
import static dev.tidemill.registry.Records.adapter;
import static dev.tidemill.registry.Records.base;
import static dev.tidemill.registry.Records.decision;
import static dev.tidemill.registry.Records.idOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemill.events.Action;
import dev.tidemill.events.Candidate;
import dev.tidemill.events.Decision;
import dev.tidemill.events.Release;
import dev.tidemill.events.ReleaseState;
import dev.tidemill.events.Route;
import dev.tidemill.events.SourcePosition;
import dev.tidemill.events.Transition;
import dev.tidemill.platform.provenance.Applied;
import dev.tidemill.platform.provenance.ErasedPositions;
import dev.tidemill.registry.domain.Outcome.Accepted;
import dev.tidemill.registry.domain.Outcome.Reason;
import dev.tidemill.registry.domain.Outcome.Refused;
import java.time.Instant;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RegistryDeciderTest {
  private static final Instant START = Instant.ofEpochSecond(2_000);
  private static final String TASK = "support";

  private RegistryImage image = RegistryImage.EMPTY;
  private Instant now = START;

  @BeforeEach
  void fresh() {
    image = RegistryImage.EMPTY;
    now = START;
  }

  @Test
  void aBaseCandidateMakesOneReleaseForEachTask() {
    Candidate candidate = base(true, "base", "support", "sales");

    assertThat(accept(new RegistryInput.CandidatePublished(candidate))).hasSize(4);

    for (String task : List.of("support", "sales")) {
      Release release = release(idOf(candidate, task));
      assertThat(release.getState()).isEqualTo(ReleaseState.EVALUATED);
      assertThat(release.getAdapter()).isNull();
      assertThat(release.getBase()).isEqualTo(BASE);
      assertThat(release.getTransitions())
          .extracting(Transition::getState)
          .containsExactly(ReleaseState.CANDIDATE, ReleaseState.EVALUATED);
      assertThat(release.getTransitions())
          .extracting(Transition::getBy)
          .containsExactly("trainer:trainer-1", "gate");
    }
    assertThat(image.routes()).isEmpty();
  }

  @Test
  void aCandidateThatTheGateRefusedIsRejectedWithTheNumbers() {
    String id = propose(adapter(false, "a", 1, TASK));

    Release release = release(id);
    assertThat(release.getState()).isEqualTo(ReleaseState.REJECTED);
    assertThat(release.getReason()).contains("heldout_loss", "3.0", "2.0");
    assertThat(release.getTransitions().getLast().getNumbers()).containsEntry("heldout_loss", 3.0);
  }

  @Test
  void aCandidateSeenAgainChangesNothing() {
    Candidate candidate = adapter(true, "a", 1, TASK);
    propose(candidate);
    assertThat(refuse(new RegistryInput.CandidatePublished(candidate)).reason())
        .isEqualTo(Reason.REDELIVERED);
  }

  @Test
  void aCandidateWithoutTasksIsMalformed() {
    assertThat(refuse(new RegistryInput.CandidatePublished(base(true, "base"))).reason())
        .isEqualTo(Reason.MALFORMED);
  }

  @Test
  void theFirstReleaseGoesLiveWithoutATrial() {
    String first = propose(base(true, "base", TASK));
    follow(first, Action.PROMOTE, 1);

    assertThat(state(first)).isEqualTo(ReleaseState.LIVE);
    Route route = route();
    assertThat(route.getEpoch()).isEqualTo(1);
    assertThat(route.getLive().getRelease()).isEqualTo(first);
    assertThat(route.getCanary()).isNull();
  }

  @Test
  void aCanaryIsStartedWidenedAndPromoted() {
    String first = live("base");
    String second = propose(adapter(true, "a", 1, TASK));

    follow(second, Action.START_CANARY, 0.1);
    assertThat(state(second)).isEqualTo(ReleaseState.CANARY);
    assertThat(route().getCanary().getTarget().getRelease()).isEqualTo(second);
    assertThat(route().getCanary().getWeight()).isEqualTo(0.1);
    assertThat(route().getCanary().getSalt()).isEqualTo("salt");
    assertThat(route().getLive().getRelease()).isEqualTo(first);

    follow(second, Action.SET_WEIGHT, 0.5);
    assertThat(route().getCanary().getWeight()).isEqualTo(0.5);
    assertThat(route().getCanary().getSalt()).isEqualTo("salt");
    assertThat(state(second)).isEqualTo(ReleaseState.CANARY);

    follow(second, Action.PROMOTE, 1);
    assertThat(state(second)).isEqualTo(ReleaseState.LIVE);
    assertThat(state(first)).isEqualTo(ReleaseState.RETIRED);
    assertThat(route().getLive().getRelease()).isEqualTo(second);
    assertThat(route().getCanary()).isNull();
    assertThat(route().getEpoch()).isEqualTo(4);
  }

  @Test
  void aCanaryRolledBackLeavesTheLiveReleaseAlone() {
    String first = live("base");
    String second = canary(1);
    follow(second, Action.ROLL_BACK, 0);

    assertThat(state(second)).isEqualTo(ReleaseState.ROLLED_BACK);
    assertThat(state(first)).isEqualTo(ReleaseState.LIVE);
    assertThat(route().getLive().getRelease()).isEqualTo(first);
    assertThat(route().getCanary()).isNull();
  }

  @Test
  void aSupersededReleaseIsRejectedAndCannotBeApproved() {
    live("base");
    String waiting = propose(adapter(true, "a", 1, TASK));
    follow(waiting, Action.ROLL_BACK, 0);

    assertThat(state(waiting)).isEqualTo(ReleaseState.REJECTED);
    Refused refused = refuse(new RegistryInput.Approve(waiting, "ann", "try it"));
    assertThat(refused.reason()).isEqualTo(Reason.ILLEGAL_STATE);
    assertThat(refused.detail()).contains("not by the gate");
  }

  @Test
  void aDecisionSeenAgainChangesNothing() {
    live("base");
    String second = canary(1);
    assertThat(refuse(taken(second, Action.START_CANARY, 0.1)).reason())
        .isEqualTo(Reason.REDELIVERED);
    follow(second, Action.ROLL_BACK, 0);
    assertThat(refuse(taken(second, Action.ROLL_BACK, 0)).reason()).isEqualTo(Reason.REDELIVERED);
  }

  @Test
  void aTaskHasOneCanaryAtATime() {
    live("base");
    canary(1);
    String other = propose(adapter(true, "a", 2, TASK));
    assertThat(refuse(taken(other, Action.START_CANARY, 0.1)).reason())
        .isEqualTo(Reason.CANARY_RUNNING);
  }

  @Test
  void aCanaryNeedsALiveReleaseAWeightAndASalt() {
    String first = propose(base(true, "base", TASK));
    assertThat(refuse(taken(first, Action.START_CANARY, 0.1)).reason())
        .isEqualTo(Reason.NO_LIVE_RELEASE);
    follow(first, Action.PROMOTE, 1);
    String second = propose(adapter(true, "a", 1, TASK));
    for (double weight : List.of(0.0, 1.0, -1.0, Double.NaN)) {
      assertThat(refuse(taken(second, Action.START_CANARY, weight)).reason())
          .isEqualTo(Reason.MALFORMED);
    }
    Decision saltless = decision(TASK, second, Action.START_CANARY, 0.1);
    saltless.put("salt", null);
    assertThat(refuse(new RegistryInput.DecisionTaken(saltless)).reason())
        .isEqualTo(Reason.MALFORMED);
  }

  @Test
  void aReleaseWithoutATrialNeverReplacesALiveOne() {
    live("base");
    String second = propose(adapter(true, "a", 1, TASK));
    assertThat(refuse(taken(second, Action.PROMOTE, 1)).reason())
        .isEqualTo(Reason.LIVE_RELEASE_EXISTS);
  }

  @Test
  void anOperatorRollsBackToTheReleaseRetiredLast() {
    String first = live("base");
    String second = canary(1);
    follow(second, Action.PROMOTE, 1);
    String third = canary(2);
    follow(third, Action.PROMOTE, 1);
    String fourth = canary(3);

    accept(new RegistryInput.RollBack(TASK, null, "ann", "answers in French"));

    assertThat(state(third)).isEqualTo(ReleaseState.ROLLED_BACK);
    assertThat(state(second)).isEqualTo(ReleaseState.LIVE);
    assertThat(state(first)).isEqualTo(ReleaseState.RETIRED);
    assertThat(route().getLive().getRelease()).isEqualTo(second);
    assertThat(route().getCanary().getTarget().getRelease()).isEqualTo(fourth);
    assertThat(release(third).getTransitions().getLast().getBy()).isEqualTo("operator:ann");
    assertThat(release(third).getReason()).isEqualTo("answers in French");

    accept(new RegistryInput.RollBack(TASK, fourth, "ann", "too slow"));
    assertThat(state(fourth)).isEqualTo(ReleaseState.ROLLED_BACK);
    assertThat(route().getCanary()).isNull();

    accept(new RegistryInput.RollBack(TASK, null, "ann", "still French"));
    assertThat(route().getLive().getRelease()).isEqualTo(first);
    Refused refused = refuse(new RegistryInput.RollBack(TASK, null, "ann", "and again"));
    assertThat(refused.reason()).isEqualTo(Reason.NO_LIVE_RELEASE);
    assertThat(state(first)).isEqualTo(ReleaseState.LIVE);
  }

  @Test
  void aRollbackNamesWhatItDoesNotKnow() {
    assertThat(refuse(new RegistryInput.RollBack("nobody", null, "ann", "x")).reason())
        .isEqualTo(Reason.UNKNOWN_TASK);
    live("base");
    assertThat(refuse(new RegistryInput.RollBack(TASK, "support@sha256:0", "ann", "x")).reason())
        .isEqualTo(Reason.UNKNOWN_RELEASE);
    assertThat(refuse(new RegistryInput.Approve("support@sha256:0", "ann", "x")).reason())
        .isEqualTo(Reason.UNKNOWN_RELEASE);
    assertThat(refuse(taken("support@sha256:0", Action.PROMOTE, 1)).reason())
        .isEqualTo(Reason.UNKNOWN_RELEASE);
  }

  @Test
  void anOperatorOverrulesTheGate() {
    String id = propose(adapter(false, "a", 1, TASK));
    accept(new RegistryInput.Approve(id, "ann", "the gate's holdout is stale"));

    assertThat(state(id)).isEqualTo(ReleaseState.EVALUATED);
    assertThat(release(id).getTransitions().getLast().getBy()).isEqualTo("operator:ann");
    assertThat(release(id).getReason()).isEqualTo("the gate's holdout is stale");
  }

  @Test
  void aDecisionForAnotherTaskIsMalformed() {
    String first = live("base");
    Decision decision = decision("sales", first, Action.ROLL_BACK, 0);
    assertThat(refuse(new RegistryInput.DecisionTaken(decision)).reason())
        .isEqualTo(Reason.MALFORMED);
  }

  @Test
  void anUnknownActionIsNamed() {
    String first = live("base");
    assertThat(refuse(taken(first, Action.UNKNOWN, 0)).reason()).isEqualTo(Reason.UNKNOWN_ACTION);
  }

  /// Every state against every action: what is not in the table is refused by naming the state.
  @ParameterizedTest
  @EnumSource(
      value = ReleaseState.class,
      names = {"CANDIDATE", "UNKNOWN"},
      mode = EnumSource.Mode.EXCLUDE)
  void everyOtherDecisionIsRefusedAndNamesTheState(ReleaseState state) {
    Map<ReleaseState, EnumSet<Action>> legal = new EnumMap<>(ReleaseState.class);
    legal.put(ReleaseState.EVALUATED, EnumSet.of(Action.START_CANARY, Action.ROLL_BACK));
    legal.put(ReleaseState.CANARY, EnumSet.of(Action.SET_WEIGHT, Action.PROMOTE, Action.ROLL_BACK));
    legal.put(ReleaseState.LIVE, EnumSet.of(Action.ROLL_BACK));
    for (Action action : EnumSet.complementOf(EnumSet.of(Action.UNKNOWN))) {
      fresh();
      String id = releaseIn(state);
      // 0.3 makes the id of the decision a new one.
      Outcome outcome = RegistryDecider.decide(image, taken(id, action, 0.3), now);
      if (legal.getOrDefault(state, EnumSet.noneOf(Action.class)).contains(action)) {
        assertThat(outcome).as("%s of %s", action, state).isInstanceOf(Accepted.class);
      } else {
        assertThat(outcome).as("%s of %s", action, state).isInstanceOf(Refused.class);
        Refused refused = (Refused) outcome;
        if (refused.reason() != Reason.LIVE_RELEASE_EXISTS) {
          assertThat(refused.reason()).isEqualTo(Reason.ILLEGAL_STATE);
          assertThat(refused.detail()).contains(state.name());
        }
      }
      Outcome approval =
          RegistryDecider.decide(image, new RegistryInput.Approve(id, "ann", "x"), now);
      if (state == ReleaseState.REJECTED) {
        assertThat(approval).isInstanceOf(Accepted.class);
      } else {
        assertThat(((Refused) approval).detail()).contains(state.name());
      }
    }
  }

  @Test
  void aProposedReleaseLeavesOnlyToEvaluatedAndRejected() {
    ReleaseStatus.Proposed proposed =
        ReleaseStatus.propose(
            adapter(true, "a", 1, TASK), TASK, new Cause("new", "trainer:t", Map.of(), now));
    image = image.replay(List.of(new RegistryEvent.ReleaseChanged(proposed.release())));
    String id = proposed.release().getId();
    for (Action action : EnumSet.complementOf(EnumSet.of(Action.UNKNOWN))) {
      assertThat(refuse(taken(id, action, 0.3)).reason()).isEqualTo(Reason.ILLEGAL_STATE);
    }
    accept(new RegistryInput.Approve(id, "ann", "no gate ran"));
    assertThat(state(id)).isEqualTo(ReleaseState.EVALUATED);
  }

  @Test
  void aStateFromALaterVersionIsNotGuessed() {
    String first = live("base");
    Release release = release(first);
    release.put("state", ReleaseState.UNKNOWN);
    assertThatThrownBy(() -> ReleaseStatus.of(release))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(first);
  }

  @Test
  void replayOfTheEventsGivesTheImageAndLeavesTheOldOneAlone() {
    RegistryImage before = image;
    String first = live("base");
    String second = canary(1);
    follow(second, Action.PROMOTE, 1);

    assertThat(before).isEqualTo(RegistryImage.EMPTY);
    List<RegistryEvent> snapshot =
        java.util.stream.Stream.<RegistryEvent>concat(
                image.releases().stream().map(RegistryEvent.ReleaseChanged::new),
                image.routes().stream().map(RegistryEvent.RouteChanged::new))
            .toList();
    assertThat(RegistryImage.EMPTY.replay(snapshot)).isEqualTo(image);
    assertThat(image.release(first)).isPresent();
  }

  @Test
  void theLineageLeadsBackToTheFirstBase() {
    live("base");
    String third = "";
    for (int sequence = 1; sequence <= 3; sequence++) {
      third = propose(adapter(true, "a", sequence, TASK));
    }
    assertThat(image.lineage(release(third)))
        .extracting(Candidate::getId)
        .containsExactly(
            "tuner/support#3", "tuner/support#2", "tuner/support#1", "pretrainer/main#1");
  }

  private String releaseIn(ReleaseState state) {
    String base = live("base");
    return switch (state) {
      case LIVE -> {
        follow(canary(9), Action.PROMOTE, 1);
        yield route().getLive().getRelease();
      }
      case EVALUATED -> propose(adapter(true, "a", 1, TASK));
      case CANARY -> canary(1);
      case REJECTED -> propose(adapter(false, "a", 1, TASK));
      case ROLLED_BACK -> {
        String id = canary(1);
        follow(id, Action.ROLL_BACK, 0);
        yield id;
      }
      case RETIRED -> {
        follow(canary(1), Action.PROMOTE, 1);
        yield base;
      }
      case QUARANTINED -> {
        String id = propose(adapter(true, "a", 3, TASK));
        accept(
            new RegistryInput.ErasureApplied(
                new Applied(
                    "e1",
                    START,
                    ErasedPositions.of(
                        List.of(new SourcePosition("tidemill.examples", 0, 250L))))));
        yield id;
      }
      case CANDIDATE, UNKNOWN -> throw new AssertionError(state);
    };
  }

  private String live(String name) {
    String id = propose(base(true, name, TASK));
    follow(id, Action.PROMOTE, 1);
    return id;
  }

  private String canary(long sequence) {
    String id = propose(adapter(true, "a", sequence, TASK));
    follow(id, Action.START_CANARY, 0.1);
    return id;
  }

  private String propose(Candidate candidate) {
    accept(new RegistryInput.CandidatePublished(candidate));
    return idOf(candidate, candidate.getTasks().getFirst());
  }

  private void follow(String release, Action action, double weight) {
    accept(taken(release, action, weight));
  }

  private static RegistryInput.DecisionTaken taken(String release, Action action, double weight) {
    return new RegistryInput.DecisionTaken(decision(TASK, release, action, weight));
  }

  private List<RegistryEvent> accept(RegistryInput input) {
    now = now.plusSeconds(1);
    Outcome outcome = RegistryDecider.decide(image, input, now);
    assertThat(outcome).isInstanceOf(Accepted.class);
    List<RegistryEvent> events = ((Accepted) outcome).events();
    image = image.replay(events);
    return events;
  }

  private Refused refuse(RegistryInput input) {
    Outcome outcome = RegistryDecider.decide(image, input, now);
    assertThat(outcome).isInstanceOf(Refused.class);
    return (Refused) outcome;
  }

  private Release release(String id) {
    return image.release(id).orElseThrow();
  }

  private ReleaseState state(String id) {
    return release(id).getState();
  }

  private Route route() {
    @Nullable Route route = image.route(TASK).orElse(null);
    assertThat(route).isNotNull();
    return image.route(TASK).orElseThrow();
  }
}
