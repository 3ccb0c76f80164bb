package dev.tidemill.curator.io;

import static dev.tidemill.curator.Records.START;
import static dev.tidemill.curator.Records.at;
import static dev.tidemill.curator.Records.completion;
import static dev.tidemill.curator.Records.correction;
import static dev.tidemill.curator.Records.rating;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tidemill.curator.Bench;
import dev.tidemill.curator.domain.Caps;
import dev.tidemill.curator.domain.HoldoutSplit;
import dev.tidemill.events.Example;
import dev.tidemill.events.Sft;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DampingTest {
  private static final Duration GUARD_HOLDS = Duration.ofMinutes(61);

  private final Bench bench = new Bench();

  @AfterEach
  void close() {
    bench.close();
  }

  @Test
  void a_burst_of_one_subject_weighs_less_and_less_and_is_refused_in_the_end() {
    for (int i = 1; i <= 80; i++) {
      bench.send(completion("c" + i, "q" + i, "a"));
      bench.send(rating("f" + i, "c" + i, "ann", 1));
    }
    bench.settle();
    // With nobody to compare with, the guard lets go of what it held.
    bench.pass(GUARD_HOLDS);
    List<Example> examples =
        bench.examples().stream()
            .sorted(Comparator.comparingDouble(Example::getWeight).reversed())
            .toList();
    assertThat(examples).hasSize(63);
    assertThat(examples.subList(0, 20)).allMatch(e -> e.getWeight() == 1);
    assertThat(examples.subList(0, 20)).allMatch(e -> e.getDamping().isEmpty());
    assertThat(examples.get(39).getWeight()).isEqualTo(0.25);
    assertThat(examples.get(39).getDamping()).containsExactly("subject_burst");
    assertThat(bench.reasons()).hasSize(17).containsOnly("subject_cap");
    assertThat(bench.count("tidemill.curator.damped", "reason", "subject_burst")).isEqualTo(60);
  }

  @Test
  void a_new_window_counts_anew_but_wrong_times_open_none() {
    for (int i = 1; i <= 60; i++) {
      bench.send(completion("c" + i, "q" + i, "a"));
      // Back-dated by days, each to a window of its own, and some post-dated.
      Duration off = i % 3 == 0 ? Duration.ofDays(i) : Duration.ofDays(-i);
      bench.send(at(rating("f" + i, "c" + i, "ann", 1), START.plus(off)));
    }
    bench.settle();
    bench.pass(GUARD_HOLDS);
    // Post-dated ones count as of now, so at most two windows are open.
    assertThat(bench.examples().stream().filter(e -> e.getWeight() == 1).count())
        .isBetween(20L, 40L);
    bench.pass(Duration.ofMinutes(21));
    bench.send(completion("late", "late", "a"));
    bench.send(at(rating("late", "late", "ann", 1), START.plus(Duration.ofMinutes(21))));
    bench.settle();
    bench.pass(GUARD_HOLDS);
    assertThat(bench.examples()).isNotEmpty().allMatch(e -> e.getWeight() == 1);
  }

  @Test
  void a_subject_that_repeats_itself_counts_once() {
    for (int i = 1; i <= 3; i++) {
      bench.send(completion("c" + i, "Same  question", "a"));
      bench.send(correction("f" + i, "c" + i, "ann", "b"));
    }
    bench.settle();
    assertThat(bench.examples()).hasSize(2);
    assertThat(bench.reasons()).containsExactly("duplicate_evidence", "duplicate_evidence");
  }

  @Test
  void feedback_without_subject_shares_one_allowance_for_its_producer() {
    for (int i = 1; i <= 30; i++) {
      bench.send(completion("c" + i, "q" + i, "a"));
      bench.send(rating("f" + i, "c" + i, null, 1));
    }
    bench.settle();
    bench.pass(GUARD_HOLDS);
    assertThat(bench.examples().stream().filter(e -> e.getWeight() < 1).count()).isEqualTo(10);
  }

  @Test
  void many_subjects_of_one_producer_are_damped_together() {
    try (Bench capped =
        new Bench(
            Bench.NOTHING_HELD_OUT,
            new Caps(Duration.ofMinutes(10), 5, 40, 0.1, Duration.ofHours(1)))) {
      for (int i = 1; i <= 50; i++) {
        capped.send(completion("c" + i, "q" + i, "a"));
        capped.send(rating("f" + i, "c" + i, "subject" + i, 1));
      }
      capped.settle();
      // The driver has one partition, which grants a quarter of 40.
      List<Example> examples = capped.examples();
      assertThat(examples.stream().filter(e -> e.getWeight() == 1).count()).isEqualTo(10);
      assertThat(examples.get(19).getDamping()).containsExactly("producer_burst");
      assertThat(capped.reasons()).isNotEmpty().containsOnly("producer_cap");
    }
  }

  @Test
  void a_correction_that_more_subjects_contradict_weighs_its_share() {
    for (int i = 1; i <= 6; i++) {
      bench.send(completion("c" + i, "q", "0"));
      bench.send(correction("f" + i, "c" + i, "subject" + i, i == 5 ? "wrong" : "5"));
    }
    bench.settle();
    List<Example> wrong =
        bench.examples().stream()
            .filter(e -> e.getTraining() instanceof Sft sft && sft.getAnswer().equals("wrong"))
            .toList();
    assertThat(wrong).hasSize(1);
    assertThat(wrong.getFirst().getWeight()).isCloseTo(0.2, within(1e-9));
    assertThat(wrong.getFirst().getDamping()).containsExactly("contradicted");
  }

  @Test
  void a_contradicted_answer_does_not_judge_releases() {
    try (Bench judged = new Bench(new HoldoutSplit(0.999999, "salt"), Caps.DEFAULT)) {
      for (int i = 1; i <= 4; i++) {
        judged.send(completion("c" + i, "q", "0"));
        judged.send(correction("f" + i, "c" + i, "subject" + i, i == 4 ? "wrong" : "5"));
      }
      judged.settle();
      assertThat(judged.reasons()).containsExactly("contradicted");
      assertThat(judged.holdout()).hasSize(6);
    }
  }

  @Test
  void a_coordinated_burst_keeps_little_of_the_weight() {
    // 5 of 100 subjects send half of the feedback, all of it the same lie on many prompts.
    int id = 0;
    for (int prompt = 0; prompt < 100; prompt++) {
      for (int voice = 0; voice < 5; voice++) {
        id++;
        bench.send(completion("c" + id, "q" + prompt, "0"));
        bench.send(correction("f" + id, "c" + id, "honest" + (prompt + voice * 19) % 95, "5"));
      }
      for (int voice = 0; voice < 5; voice++) {
        id++;
        bench.send(completion("c" + id, "q" + prompt, "0"));
        bench.send(correction("f" + id, "c" + id, "liar" + voice, "lie"));
      }
    }
    bench.settle();
    bench.pass(Duration.ofMinutes(1));
    double honest = 0;
    double lies = 0;
    for (Example example : bench.examples()) {
      if (String.valueOf(example.getSubject()).startsWith("liar")) {
        lies += example.getWeight();
      } else {
        honest += example.getWeight();
      }
    }
    assertThat(honest).isCloseTo(1_000, within(50.0));
    assertThat(lies / (lies + honest)).isLessThan(0.08);
  }
}
