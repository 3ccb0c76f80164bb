package dev.tidemill.curator.io;

import static dev.tidemill.curator.Records.START;
import static dev.tidemill.curator.Records.at;
import static dev.tidemill.curator.Records.completion;
import static dev.tidemill.curator.Records.correction;
import static dev.tidemill.curator.Records.preference;
import static dev.tidemill.curator.Records.rating;
import static dev.tidemill.curator.Records.retraction;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.curator.Bench;
import dev.tidemill.curator.domain.ExampleMaker;
import dev.tidemill.events.Arm;
import dev.tidemill.events.Binary;
import dev.tidemill.events.Completion;
import dev.tidemill.events.DeadLetter;
import dev.tidemill.events.Example;
import dev.tidemill.events.PreferencePair;
import dev.tidemill.events.Sft;
import dev.tidemill.events.SourcePosition;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class JoinTest {
  private static final String OUTCOME = "tidemill.curator.records";
  private static final String FEEDBACK = "tidemill.feedback";

  private final Bench bench = new Bench();

  @AfterEach
  void close() {
    bench.close();
  }

  @Test
  void a_correction_makes_an_sft_example_and_a_preference_pair() {
    bench.send(completion("c1", "What is linger.ms?", "0"));
    bench.send(correction("f1", "c1", "ann", "5\r\n"));
    bench.settle();

    List<Example> examples = bench.examples();
    assertThat(examples)
        .extracting(ExampleMaker::kind)
        .containsExactlyInAnyOrder("sft", "preference");
    Example sft = examples.stream().filter(e -> e.getTraining() instanceof Sft).findAny().get();
    assertThat(((Sft) sft.getTraining()).getAnswer()).isEqualTo("5");
    assertThat(sft.getWeight()).isEqualTo(1);
    assertThat(sft.getDamping()).isEmpty();
    assertThat(sft.getTask()).isEqualTo("support");
    assertThat(sft.getSubject()).isEqualTo("ann");
    assertThat(sft.getRelease()).isEqualTo("support@sha256:1");
    assertThat(sft.getOrigins())
        .containsExactly(
            new SourcePosition("tidemill.completions", 0, 0L), new SourcePosition(FEEDBACK, 0, 0L));
    assertThat(sft.getEventTime()).isEqualTo(START);
    Example pair =
        examples.stream().filter(e -> e.getTraining() instanceof PreferencePair).findAny().get();
    assertThat(((PreferencePair) pair.getTraining()).getChosen()).isEqualTo("5");
    assertThat(((PreferencePair) pair.getTraining()).getRejected()).isEqualTo("0");
    assertThat(pair.getKey()).isEqualTo(sft.getKey());
    assertThat(pair.getId()).isNotEqualTo(sft.getId());
    assertThat(bench.reasons()).isEmpty();
  }

  @Test
  void a_correction_that_confirms_the_answer_makes_no_pair() {
    bench.send(completion("c1", "q", "0"));
    bench.send(correction("f1", "c1", "ann", "0"));
    bench.settle();
    assertThat(bench.examples()).extracting(ExampleMaker::kind).containsExactly("sft");
  }

  @Test
  void ratings_make_good_and_bad_answers() {
    bench.send(completion("c1", "q1", "a"));
    bench.send(completion("c2", "q2", "b"));
    bench.send(rating("f1", "c1", "ann", 0.5));
    bench.send(rating("f2", "c2", "ann", 0.49));
    bench.settle();
    assertThat(bench.examples())
        .extracting(e -> ((Binary) e.getTraining()).getGood())
        .containsExactly(true, false);
  }

  @Test
  void a_preference_names_the_better_answer_either_way() {
    bench.send(completion("c1", "q1", "served"));
    bench.send(completion("c2", "q2", "served"));
    bench.send(preference("f1", "c1", "ann", "other", true));
    bench.send(preference("f2", "c2", "ann", "other", false));
    bench.settle();
    assertThat(bench.examples())
        .extracting(e -> ((PreferencePair) e.getTraining()).getChosen())
        .containsExactly("other", "served");
  }

  @Test
  void early_feedback_waits_for_its_completion() {
    bench.send(correction("f1", "c1", "ann", "5"));
    bench.pass(Duration.ofMinutes(30));
    assertThat(bench.examples()).isEmpty();
    assertThat(bench.gauge("tidemill.curator.feedback.parked")).isEqualTo(1);

    bench.send(completion("c1", "q", "0"));
    bench.pass(Duration.ofMillis(100));
    assertThat(bench.examples()).hasSize(2);
    assertThat(bench.gauge("tidemill.curator.feedback.parked")).isZero();
    assertThat(bench.reasons()).isEmpty();
  }

  @Test
  void late_feedback_joins_while_the_completion_is_retained() {
    bench.send(completion("c1", "q", "0"));
    bench.pass(Duration.ofDays(6));
    bench.send(correction("f1", "c1", "ann", "5"));
    bench.settle();
    assertThat(bench.examples()).hasSize(2);
  }

  @Test
  void feedback_after_the_retention_and_without_completion_is_orphaned() {
    bench.send(completion("c1", "q", "0"));
    bench.pass(Duration.ofDays(7));
    assertThat(bench.gauge("tidemill.curator.completions.retained")).isZero();
    bench.send(correction("f1", "c1", "ann", "5"));
    bench.pass(Duration.ofHours(1));

    List<DeadLetter> letters = bench.deadLetters();
    assertThat(letters).hasSize(1);
    DeadLetter letter = letters.getFirst();
    assertThat(letter.getReason()).isEqualTo("orphaned_feedback");
    assertThat(letter.getField()).isEqualTo("completion_id");
    assertThat(letter.getDetail()).contains("'c1'");
    assertThat(letter.getSource()).isEqualTo(new SourcePosition(FEEDBACK, 0, 0L));
    assertThat(letter.getRecordKey()).isEqualTo(ByteBuffer.wrap(new byte[] {'c', '1'}));
    assertThat(letter.getPayload().remaining()).isPositive();
    assertThat(bench.examples()).isEmpty();
    assertThat(bench.gauge("tidemill.curator.feedback.parked")).isZero();
    assertThat(bench.gauge("tidemill.curator.completions.retained")).isZero();
  }

  @Test
  void no_feedback_is_orphaned_before_all_that_came_in_time_has_been_read() {
    bench.readUntil(START.plus(Duration.ofMinutes(59)));
    bench.send(correction("f1", "c1", "ann", "5"));
    bench.send(correction("f2", "c2", "bob", "5"));
    bench.pass(Duration.ofDays(2));
    assertThat(bench.reasons()).isEmpty();
    assertThat(bench.gauge("tidemill.curator.feedback.parked")).isEqualTo(2);

    bench.send(completion("c1", "q", "0"));
    bench.pass(Duration.ofMillis(100));
    assertThat(bench.examples()).hasSize(2);

    bench.readUntil(START.plus(Duration.ofHours(1)));
    bench.pass(Duration.ofMillis(100));
    List<DeadLetter> letters = bench.deadLetters();
    assertThat(letters).extracting(DeadLetter::getReason).containsExactly("orphaned_feedback");
    assertThat(letters.getFirst().getDetail()).contains("'c2'");
    assertThat(bench.gauge("tidemill.curator.feedback.parked")).isZero();
  }

  @Test
  void no_completion_is_forgotten_before_all_that_came_in_time_has_been_read() {
    bench.readUntil(START.plus(Duration.ofDays(6)));
    bench.send(completion("c1", "q", "0"));
    bench.pass(Duration.ofDays(8));
    bench.send(correction("f1", "c1", "ann", "5"));
    bench.settle();
    assertThat(bench.examples()).hasSize(2);

    bench.readUntil(START.plus(Duration.ofDays(7)));
    bench.pass(Duration.ofMillis(100));
    assertThat(bench.gauge("tidemill.curator.completions.retained")).isZero();
    assertThat(bench.reasons()).isEmpty();
  }

  @Test
  void no_retraction_is_orphaned_before_all_that_came_in_time_has_been_read() {
    bench.readUntil(START);
    bench.send(completion("c1", "q", "0"));
    bench.send(retraction("f2", "c1", "ann", "f1"));
    bench.send(correction("f3", "c1", "bob", "5"));
    bench.pass(Duration.ofHours(2));
    assertThat(bench.reasons()).isEmpty();
    assertThat(bench.examples()).as("what is there need not wait").hasSize(2);
    assertThat(bench.gauge("tidemill.curator.completions.retained")).isEqualTo(1);
    bench.send(correction("f1", "c1", "ann", "5"));
    bench.settle();
    assertThat(bench.examples()).isEmpty();
    assertThat(bench.reasons()).isEmpty();
  }

  @Test
  void nothing_is_made_before_it_has_settled() {
    bench.send(completion("c1", "q", "0"));
    bench.send(correction("f1", "c1", "ann", "5"));
    bench.pass(Duration.ofMillis(900));
    assertThat(bench.examples()).isEmpty();
  }

  @Test
  void a_quick_revision_wins_whichever_comes_first() {
    bench.send(completion("c1", "q", "0"));
    bench.send(at(correction("f2", "c1", "ann", "6"), START.plusMillis(20)));
    bench.send(at(correction("f1", "c1", "ann", "5"), START.plusMillis(10)));
    bench.send(at(correction("f3", "c1", "ann", "7"), START.plusMillis(30)));
    bench.settle();
    assertThat(bench.examples())
        .filteredOn(e -> e.getTraining() instanceof Sft)
        .extracting(e -> ((Sft) e.getTraining()).getAnswer())
        .containsExactly("7");
    assertThat(bench.count(OUTCOME, "topic", FEEDBACK, "outcome", "superseded")).isEqualTo(2);
    assertThat(bench.reasons()).isEmpty();
  }

  @Test
  void a_late_revision_of_other_content_makes_a_new_example() {
    bench.send(completion("c1", "q", "0"));
    bench.send(rating("f1", "c1", "ann", 1));
    bench.settle();
    bench.send(at(rating("f2", "c1", "ann", 0), START.plusSeconds(60)));
    bench.send(at(rating("f3", "c1", "ann", 0.7), START.plusSeconds(30)));
    bench.settle();
    List<Example> examples = bench.examples();
    assertThat(examples)
        .extracting(e -> ((Binary) e.getTraining()).getGood())
        .containsExactly(true, false);
    assertThat(examples).extracting(Example::getId).doesNotHaveDuplicates();
  }

  @Test
  void a_revision_that_says_the_same_makes_nothing_new() {
    bench.send(completion("c1", "q", "0"));
    bench.send(correction("f1", "c1", "ann", "5"));
    bench.settle();
    bench.send(at(correction("f2", "c1", "ann", "5"), START.plusSeconds(60)));
    bench.settle();
    assertThat(bench.examples()).hasSize(2);
    assertThat(bench.count(OUTCOME, "topic", FEEDBACK, "outcome", "unchanged")).isEqualTo(1);
  }

  @Test
  void kinds_and_subjects_do_not_replace_each_other() {
    bench.send(completion("c1", "q", "0"));
    bench.send(rating("f1", "c1", "ann", 0));
    bench.send(rating("f2", "c1", "bob", 1));
    bench.send(preference("f3", "c1", "ann", "5", true));
    bench.settle();
    assertThat(bench.examples()).hasSize(3);
  }

  @Test
  void a_repeated_feedback_counts_once_and_a_reused_id_is_refused() {
    bench.send(completion("c1", "q", "0"));
    bench.send(correction("f1", "c1", "ann", "5"));
    bench.send(correction("f1", "c1", "ann", "5"));
    bench.settle();
    bench.send(correction("f1", "c1", "ann", "5"));
    bench.send(correction("f1", "c1", "ann", "6"));
    bench.settle();
    assertThat(bench.examples()).hasSize(2);
    assertThat(bench.count(OUTCOME, "topic", FEEDBACK, "outcome", "repeated")).isEqualTo(2);
    assertThat(bench.reasons()).containsExactly("conflicting_id");
  }

  @Test
  void a_retraction_removes_what_has_not_settled_whichever_comes_first() {
    bench.send(completion("c1", "q", "0"));
    bench.send(correction("f1", "c1", "ann", "5"));
    bench.send(retraction("f2", "c1", "ann", "f1"));
    bench.send(retraction("f3", "c1", "bob", "f4"));
    bench.send(correction("f4", "c1", "bob", "6"));
    bench.settle();
    assertThat(bench.examples()).isEmpty();
    assertThat(bench.count(OUTCOME, "topic", FEEDBACK, "outcome", "retracted")).isEqualTo(2);
    assertThat(bench.reasons()).isEmpty();
  }

  @Test
  void a_retraction_of_parked_feedback_holds_when_the_completion_comes() {
    bench.send(correction("f1", "c1", "ann", "5"));
    bench.send(retraction("f2", "c1", "ann", "f1"));
    bench.send(completion("c1", "q", "0"));
    bench.settle();
    assertThat(bench.examples()).isEmpty();
    assertThat(bench.gauge("tidemill.curator.feedback.parked")).isZero();
  }

  @Test
  void nobody_retracts_what_another_said() {
    bench.send(completion("c1", "q", "0"));
    bench.send(correction("f1", "c1", "ann", "5"));
    bench.send(retraction("f2", "c1", "bob", "f1"));
    bench.settle();
    assertThat(bench.examples()).hasSize(2);
    assertThat(bench.reasons()).containsExactly("foreign_retraction");
  }

  @Test
  void a_retraction_of_nothing_is_orphaned() {
    bench.send(completion("c1", "q", "0"));
    bench.send(retraction("f2", "c1", "ann", "f1"));
    bench.pass(Duration.ofHours(1));
    assertThat(bench.reasons()).containsExactly("orphaned_feedback");
  }

  @Test
  void what_was_not_served_makes_no_examples() {
    bench.send(rating("f1", "c1", "ann", 1));
    bench.send(Completion.newBuilder(completion("c1", "q", "0")).setArm(Arm.SHADOW).build());
    bench.send(
        Completion.newBuilder(completion("c2", "q", "0")).setFinishReason("cancelled").build());
    bench.send(Completion.newBuilder(completion("c3", "q", "0")).setFinishReason("error").build());
    bench.send(rating("f2", "c2", "ann", 1));
    bench.send(rating("f3", "c3", "ann", 1));
    bench.settle();
    assertThat(bench.examples()).isEmpty();
    assertThat(bench.deadLetters())
        .extracting(DeadLetter::getReason, DeadLetter::getDetail)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(
                "ineligible_completion",
                "completion_id names completion 'c1', whose arm is SHADOW"),
            org.assertj.core.groups.Tuple.tuple(
                "ineligible_completion",
                "completion_id names completion 'c2', whose finish_reason is cancelled"),
            org.assertj.core.groups.Tuple.tuple(
                "ineligible_completion",
                "completion_id names completion 'c3', whose finish_reason is error"));
  }

  @Test
  void a_completion_that_comes_twice_is_one() {
    bench.send(completion("c1", "q", "0"));
    bench.send(completion("c1", "q", "0"));
    bench.send(completion("c1", "q", "1"));
    bench.send(rating("f1", "c1", "ann", 1));
    bench.settle();
    assertThat(bench.examples()).hasSize(1);
    assertThat(bench.reasons()).containsExactly("conflicting_id");
  }

  @Test
  void one_completion_holds_so_much_feedback_and_no_more() {
    bench.send(completion("c1", "q", "0"));
    for (int i = 0; i < 30; i++) {
      bench.send(correction("f" + i, "c1", "subject" + i, i + "x".repeat(40_000)));
    }
    // A place that is taken may still be revised, by something shorter.
    bench.send(at(correction("g0", "c1", "subject0", "5"), START.plusSeconds(1)));
    assertThat(bench.reasons()).hasSize(17).containsOnly("completion_cap");
    bench.settle();
    assertThat(bench.examples()).hasSize(26);
  }
}
