package dev.tidemill.curator.io;

import static dev.tidemill.curator.Records.START;
import static dev.tidemill.curator.Records.completion;
import static dev.tidemill.curator.Records.correction;
import static dev.tidemill.curator.Records.demonstration;
import static dev.tidemill.curator.Records.document;
import static dev.tidemill.curator.Records.erasure;
import static dev.tidemill.curator.Records.rating;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.curator.Bench;
import dev.tidemill.curator.Records;
import dev.tidemill.curator.domain.Burst;
import dev.tidemill.curator.domain.JoinState;
import dev.tidemill.curator.guard.Ballot;
import dev.tidemill.curator.guard.Ballots;
import dev.tidemill.curator.guard.Standing;
import dev.tidemill.events.Completion;
import dev.tidemill.events.DeadLetter;
import dev.tidemill.events.Demonstration;
import dev.tidemill.events.Document;
import dev.tidemill.events.Example;
import dev.tidemill.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// What the stages do when somebody asks to be forgotten.
class ErasingTest {
  private static final Instant LATER = START.plusSeconds(60);

  @Test
  void what_state_holds_of_a_subject_goes_and_that_of_others_stays() {
    try (Bench bench = new Bench()) {
      bench.send(completion("c1", "q", "bad", "mary"));
      bench.send(completion("c2", "p", "bad", "peter"));
      bench.send(rating("f1", "c1", "peter", 1));
      bench.send(rating("f2", "c2", "mary", 1));
      bench.send(correction("f3", "c2", "mary", "good"));
      bench.send(correction("f4", "c2", "peter", "better"));
      bench.settle();
      bench.send(rating("f5", "absent", "mary", 1));
      assertThat(bench.examples()).hasSize(6);
      assertThat(bench.<Burst>stored(DampingProcessor.BURSTS))
          .containsKeys("subject/mary", "subject/peter");

      bench.send(erasure("e1", "mary"));
      bench.pass(Duration.ofMillis(500));

      assertThat(bench.<JoinState>stored(JoinProcessor.JOINS))
          .hasEntrySatisfying("c2", state -> assertThat(state.slots()).hasSize(1))
          .allSatisfy((id, state) -> assertThat(state.toString()).doesNotContain("mary"));
      assertThat(bench.stored(DampingProcessor.CLAIMS).keySet())
          .noneMatch(claim -> claim.contains("mary"))
          .anyMatch(claim -> claim.contains("peter"));
      assertThat(bench.<Burst>stored(DampingProcessor.BURSTS))
          .doesNotContainKey("subject/mary")
          .containsKey("subject/peter");
      assertThat(bench.<Ballots>stored(ExampleProcessor.BALLOTS).values())
          .flatExtracting(Ballots::all)
          .extracting(Ballot::subject)
          .containsOnly("subject/peter");
      assertThat(bench.<Standing>stored(DampingProcessor.STANDINGS))
          .doesNotContainKey("subject/mary")
          .containsKey("subject/peter");
      assertThat(bench.gauge("tidemill.curator.feedback.parked")).isZero();
      for (String stage : List.of("documents", "demonstrations", "join", "damping", "examples")) {
        assertThat(bench.<Long>stored(stage + "-erased")).containsEntry("0", 0L);
      }
      // Nobody's feedback on the erased completion makes anything any more.
      bench.pass(Duration.ofHours(2));
      bench.send(rating("f6", "c1", "paul", 1));
      bench.settle();
      assertThat(bench.examples()).isEmpty();
    }
  }

  @Test
  void what_comes_late_is_refused_without_its_bytes_and_taken_away() {
    try (Bench bench = new Bench()) {
      bench.send(erasure("e1", "mary"));
      Document document =
          Document.newBuilder(document("d1", "k1", "text")).setSubject("mary").build();
      bench.send(document);
      Demonstration demonstration =
          Demonstration.newBuilder(demonstration("x1", "q", "a")).setSubject("mary").build();
      bench.send(demonstration);
      bench.send(completion("c1", "q", "bad", "mary"));
      bench.send(rating("f1", "c9", "mary", 1));
      // What is wrong with it besides does not matter.
      bench.send(Topics.FEEDBACK, "other-key", rating("f2", "c9", "mary", 7));
      List<DeadLetter> letters = bench.deadLetters();
      assertThat(letters)
          .hasSize(5)
          .allSatisfy(
              letter -> {
                assertThat(letter.getReason()).isEqualTo("erased_subject");
                assertThat(letter.getPayload()).isNull();
                assertThat(letter.getRecordKey()).isNull();
                assertThat(letter.toString()).doesNotContain("mary");
              });
      Map.of(Topics.DOCUMENTS, "k1", Topics.DEMONSTRATIONS, "x1", Topics.COMPLETIONS, "c1")
          .forEach(
              (topic, key) ->
                  assertThat(bench.tombstones(topic))
                      .singleElement()
                      .satisfies(
                          tombstone -> {
                            assertThat(tombstone.key()).isEqualTo(key);
                            assertThat(tombstone.value()).isNull();
                            assertThat(tombstone.headers().lastHeader(Desk.ERASURE_HEADER))
                                .isNotNull();
                          }));

      // A tombstone of ours is no bad record; a producer's is.
      bench.send(Topics.DOCUMENTS, "k7".getBytes(StandardCharsets.UTF_8), null);
      assertThat(bench.reasons()).containsExactly("malformed_record");
      assertThat(
              bench.count(
                  "tidemill.curator.records", "topic", "tidemill.documents", "outcome", "erased"))
          .isEqualTo(1);
    }
  }

  @Test
  void what_a_subject_gives_afterwards_is_taken() {
    try (Bench bench = new Bench()) {
      bench.send(completion("c1", "q", "bad", "mary"));
      bench.send(erasure("e1", "mary"));
      bench.pass(Duration.ofMillis(500));
      Completion after =
          Completion.newBuilder(completion("c2", "q", "bad", "mary")).setEventTime(LATER).build();
      bench.send(after);
      bench.send(Records.at(rating("f1", "c2", "peter", 1), LATER));
      bench.send(Records.at(rating("f2", "c1", "peter", 1), LATER));
      bench.settle();
      assertThat(bench.examples())
          .singleElement()
          .satisfies(
              example -> {
                assertThat(example.getCompletionSubject()).isEqualTo("mary");
                assertThat(example.getCompletionTime()).isEqualTo(LATER);
              })
          .extracting(Example::getCompletionId)
          .isEqualTo("c2");
    }
  }
}
