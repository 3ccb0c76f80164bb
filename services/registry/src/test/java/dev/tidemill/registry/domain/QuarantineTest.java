package dev.tidemill.registry.domain;

import static dev.tidemill.events.ReleaseState.RETIRED;
import static dev.tidemill.registry.Records.adapter;
import static dev.tidemill.registry.Records.base;
import static dev.tidemill.registry.Records.decision;
import static dev.tidemill.registry.Records.idOf;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.events.Action;
import dev.tidemill.events.Candidate;
import dev.tidemill.events.OffsetRange;
import dev.tidemill.events.ReleaseState;
import dev.tidemill.events.Route;
import dev.tidemill.events.SourcePosition;
import dev.tidemill.platform.provenance.Applied;
import dev.tidemill.platform.provenance.ErasedPositions;
import dev.tidemill.registry.Records;
import dev.tidemill.registry.domain.Outcome.Accepted;
import dev.tidemill.registry.domain.Outcome.Reason;
import dev.tidemill.registry.domain.Outcome.Refused;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Adapter n of a task was trained on offsets `[100 (n - 1), 100 n)` of the examples, a base on
/// documents.
class QuarantineTest {
  private static final String TASK = "support";
  private static final String EXAMPLES = "tidemill.examples";
  private static final String DOCUMENTS = "tidemill.documents.curated";

  private RegistryImage image = RegistryImage.EMPTY;
  private Instant now = Instant.ofEpochSecond(2_000);

  @ParameterizedTest
  @EnumSource(
      value = ReleaseState.class,
      names = {"EVALUATED", "CANARY", "LIVE", "RETIRED", "REJECTED", "ROLLED_BACK"})
  void leadsThereFromEveryStateAndNowhereElse(ReleaseState state) {
    live(documents("base"));
    String id =
        switch (state) {
          case EVALUATED -> propose(adapter(true, "a", 1, TASK));
          case CANARY -> canary(1);
          case LIVE -> liveAdapter(1);
          case RETIRED -> {
            String retired = liveAdapter(1);
            live(documents("newer"));
            yield retired;
          }
          case REJECTED -> propose(adapter(false, "a", 1, TASK));
          case ROLLED_BACK -> {
            String lost = canary(1);
            follow(lost, Action.ROLL_BACK, 0);
            yield lost;
          }
          case CANDIDATE, QUARANTINED, UNKNOWN -> throw new AssertionError(state);
        };
    assertThat(state(id)).isEqualTo(state);

    apply("e1", EXAMPLES, 50);

    assertThat(state(id)).isEqualTo(ReleaseState.QUARANTINED);
    assertThat(image.release(id).orElseThrow().getReason())
        .isEqualTo("contains records that erasure e1 removed");
    assertThat(image.release(id).orElseThrow().getTransitions().getLast().getBy())
        .isEqualTo("erasure:e1");
    assertThat(refuse(new RegistryInput.Approve(id, "ann", "x")).reason())
        .isEqualTo(Reason.ILLEGAL_STATE);
    for (Action action : List.of(Action.START_CANARY, Action.PROMOTE, Action.ROLL_BACK)) {
      assertThat(refuse(taken(id, action, 0.3)).reason()).isEqualTo(Reason.ILLEGAL_STATE);
    }
  }

  @Test
  void onlyTheWindowAndLaterOnesOfItsLineageAndTheirChildrenContainIt() {
    live(documents("base"));
    String first = propose(adapter(true, "a", 1, TASK));
    String second = propose(adapter(true, "a", 2, TASK));
    String third = propose(adapter(true, "a", 3, TASK));
    String child = propose(elsewhere("b", 1, Records.digest("a2")));
    String stranger = propose(elsewhere("c", 1, Records.digest("a1")));

    apply("e1", EXAMPLES, 150);

    assertThat(state(first)).isEqualTo(ReleaseState.EVALUATED);
    assertThat(state(second)).isEqualTo(ReleaseState.QUARANTINED);
    assertThat(state(third)).isEqualTo(ReleaseState.QUARANTINED);
    assertThat(state(child)).isEqualTo(ReleaseState.QUARANTINED);
    assertThat(state(stranger)).isEqualTo(ReleaseState.EVALUATED);
    assertThat(image.containing(image.provenance().erasure("e1").orElseThrow()))
        .extracting(release -> release.getId())
        .containsExactly(second, third, child);
  }

  @Test
  void everyAdapterOnABaseThatContainsItIsQuarantinedToo() {
    String base = live(documents("base"));
    String adapter = liveAdapter(1);
    String other = live(window(documents("clean"), DOCUMENTS, 500, 600));

    apply("e1", DOCUMENTS, 5, 1);

    assertThat(state(base)).as("the same offset of another partition").isEqualTo(RETIRED);
    apply("e2", DOCUMENTS, 5);
    assertThat(state(base)).isEqualTo(ReleaseState.QUARANTINED);
    assertThat(state(adapter)).isEqualTo(ReleaseState.QUARANTINED);
    assertThat(state(other)).isEqualTo(ReleaseState.LIVE);
  }

  @Test
  void aLiveReleaseGivesWayToTheLastRetiredOneThatDoesNotContainIt() {
    String base = live(documents("base"));
    String first = liveAdapter(1);
    String second = liveAdapter(2);
    String third = liveAdapter(3);
    long epoch = route().getEpoch();

    apply("e1", EXAMPLES, 150);

    assertThat(state(second)).isEqualTo(ReleaseState.QUARANTINED);
    assertThat(state(third)).isEqualTo(ReleaseState.QUARANTINED);
    assertThat(state(first)).isEqualTo(ReleaseState.LIVE);
    assertThat(state(base)).isEqualTo(ReleaseState.RETIRED);
    assertThat(route().getLive().getRelease()).isEqualTo(first);
    assertThat(route().getEpoch()).isEqualTo(epoch + 1);
  }

  @Test
  void aCanaryIsTakenOffAndTheLiveReleaseStays() {
    String base = live(documents("base"));
    String canary = canary(1);

    apply("e1", EXAMPLES, 50);

    assertThat(state(canary)).isEqualTo(ReleaseState.QUARANTINED);
    assertThat(route().getCanary()).isNull();
    assertThat(route().getLive().getRelease()).isEqualTo(base);
  }

  @Test
  void aBareBaseThatWaitsTakesOverWhenNothingIsRetired() {
    live(documents("base"));
    String waiting = propose(window(documents("waiting"), DOCUMENTS, 500, 600));

    apply("e1", DOCUMENTS, 50);

    assertThat(state(waiting)).isEqualTo(ReleaseState.LIVE);
    assertThat(route().getLive().getRelease()).isEqualTo(waiting);
  }

  @Test
  void aSoundCanaryTakesOverWhenThereIsNothingElse() {
    live(documents("base"));
    String canary = propose(window(documents("other"), DOCUMENTS, 500, 600));
    follow(canary, Action.START_CANARY, 0.1);

    apply("e1", DOCUMENTS, 50);

    assertThat(state(canary)).isEqualTo(ReleaseState.LIVE);
    assertThat(route().getLive().getRelease()).isEqualTo(canary);
    assertThat(route().getCanary()).isNull();
  }

  @Test
  void withNothingSoundTheRouteHasNoLiveRelease() {
    String base = live(documents("base"));
    String adapter = liveAdapter(1);

    apply("e1", DOCUMENTS, 50);

    assertThat(state(base)).isEqualTo(ReleaseState.QUARANTINED);
    assertThat(state(adapter)).isEqualTo(ReleaseState.QUARANTINED);
    assertThat(route().getLive()).isNull();
    String rebuilt = propose(window(documents("rebuilt"), DOCUMENTS, 51, 100));
    follow(rebuilt, Action.PROMOTE, 1);
    assertThat(route().getLive().getRelease()).isEqualTo(rebuilt);
  }

  @Test
  void aCandidateThatComesAfterTheErasureIsQuarantinedOnArrival() {
    live(documents("base"));
    apply("e1", EXAMPLES, 50);

    String late = propose(adapter(true, "a", 1, TASK));
    String later = propose(adapter(true, "a", 2, TASK));
    String rebuilt =
        propose(
            Candidate.newBuilder(adapter(true, "r", 1, TASK))
                .setLineage("tuner/support~2")
                .setWindows(
                    List.of(
                        new OffsetRange(EXAMPLES, 0, 0L, 50L),
                        new OffsetRange(EXAMPLES, 0, 51L, 100L)))
                .build());

    assertThat(state(late)).isEqualTo(ReleaseState.QUARANTINED);
    assertThat(state(later)).isEqualTo(ReleaseState.QUARANTINED);
    assertThat(state(rebuilt)).isEqualTo(ReleaseState.EVALUATED);
  }

  @Test
  void anErasureToldOfAgainChangesNothingUnlessItBringsMorePlaces() {
    live(documents("base"));
    String first = propose(adapter(true, "a", 1, TASK));
    apply("e1", EXAMPLES, 5_000);
    assertThat(refuse(erasure("e1", EXAMPLES, 5_000)).reason()).isEqualTo(Reason.REDELIVERED);

    apply("e1", EXAMPLES, 50);

    assertThat(state(first)).isEqualTo(ReleaseState.QUARANTINED);
    assertThat(image.provenance().erasures()).hasSize(1);
  }

  @Test
  void replayOfTheRecordsGivesTheSameImage() {
    live(documents("base"));
    liveAdapter(1);
    apply("e1", EXAMPLES, 50);

    RegistryImage replayed =
        RegistryImage.EMPTY.replay(
            java.util.stream.Stream.of(
                    image.releases().stream().map(RegistryEvent.ReleaseChanged::new),
                    image.routes().stream().map(RegistryEvent.RouteChanged::new),
                    image.provenance().erasures().stream().map(RegistryEvent.ErasureSeen::new))
                .<RegistryEvent>flatMap(events -> events)
                .toList());

    assertThat(replayed).isEqualTo(image);
  }

  private static Candidate documents(String name) {
    return window(base(true, name, TASK), DOCUMENTS, 0, 100);
  }

  private static Candidate window(Candidate candidate, String topic, long from, long to) {
    return Candidate.newBuilder(candidate)
        .setLineage("pretrainer/" + candidate.getArtifact().substring(7, 15))
        .setWindows(List.of(new OffsetRange(topic, 0, from, to)))
        .build();
  }

  private static Candidate elsewhere(String name, long sequence, String parent) {
    return Candidate.newBuilder(adapter(true, name, sequence, TASK))
        .setLineage("tuner/" + name)
        .setParent(parent)
        .setWindows(List.of(new OffsetRange(EXAMPLES, 0, 9_000L, 9_100L)))
        .build();
  }

  private String live(Candidate candidate) {
    String id = propose(candidate);
    if (image.route(TASK).isPresent() && route().getLive() != null) {
      follow(id, Action.START_CANARY, 0.1);
    }
    follow(id, Action.PROMOTE, 1);
    return id;
  }

  private String liveAdapter(long sequence) {
    String id = canary(sequence);
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
    return idOf(candidate, TASK);
  }

  private void apply(String id, String topic, long offset) {
    accept(erasure(id, topic, offset));
  }

  private void apply(String id, String topic, long offset, int partition) {
    accept(erasure(id, topic, offset, partition));
  }

  private static RegistryInput erasure(String id, String topic, long offset) {
    return erasure(id, topic, offset, 0);
  }

  private static RegistryInput erasure(String id, String topic, long offset, int partition) {
    return new RegistryInput.ErasureApplied(
        new Applied(
            id,
            Instant.ofEpochSecond(1_500),
            ErasedPositions.of(List.of(new SourcePosition(topic, partition, offset)))));
  }

  private void follow(String release, Action action, double weight) {
    accept(taken(release, action, weight));
  }

  private static RegistryInput taken(String release, Action action, double weight) {
    return new RegistryInput.DecisionTaken(decision(TASK, release, action, weight));
  }

  private void accept(RegistryInput input) {
    now = now.plusSeconds(1);
    Outcome outcome = RegistryDecider.decide(image, input, now);
    assertThat(outcome).isInstanceOf(Accepted.class);
    image = image.replay(((Accepted) outcome).events());
  }

  private Refused refuse(RegistryInput input) {
    Outcome outcome = RegistryDecider.decide(image, input, now);
    assertThat(outcome).isInstanceOf(Refused.class);
    return (Refused) outcome;
  }

  private ReleaseState state(String id) {
    return image.release(id).orElseThrow().getState();
  }

  private Route route() {
    return image.route(TASK).orElseThrow();
  }
}
