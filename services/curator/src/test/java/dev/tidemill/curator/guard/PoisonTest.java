package dev.tidemill.curator.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tidemill.curator.Bench;
import dev.tidemill.curator.domain.Caps;
import dev.tidemill.curator.trial.Attack;
import dev.tidemill.curator.trial.Crowd;
import dev.tidemill.curator.trial.Outcome;
import dev.tidemill.curator.trial.Said;
import dev.tidemill.curator.trial.Tail;
import dev.tidemill.curator.trial.Trial;
import dev.tidemill.schemas.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// 5 % of the subjects send 60 % of the feedback, coordinated: they end with at most 8 % of the
/// weight, and the honest keep at least 95 % of theirs, in as many partitions as a deployment has.
/// The scenario `poison` sweeps more crowds and seeds.
class PoisonTest {
  private static final Duration DAY = Duration.ofHours(3);
  private static final double MOST_LIES = 0.08;
  private static final double LEAST_KEPT = 0.95;

  /// The last word on all that is held was told by then.
  private static final Duration HELD = Duration.ofMinutes(181);

  private static final int PARTITIONS = Topics.FEEDBACK.partitions();
  private static final int LIARS = 5;
  private static final List<Said> TRUTH = truth(1, LIARS);
  private static final Outcome FREE = Trial.unguarded(PARTITIONS).run(TRUTH).outcome();
  private static final Outcome CALM = Trial.guarded(PARTITIONS).run(TRUTH).outcome();

  @ParameterizedTest
  @EnumSource
  void lies_hold_little_and_the_honest_keep_theirs(Attack attack) {
    Outcome after = Trial.guarded(PARTITIONS).run(with(TRUTH, attack, LIARS)).outcome();
    assertThat(after.liesShare()).isLessThanOrEqualTo(MOST_LIES);
    assertThat(after.kept(FREE)).as("of what nothing guards").isGreaterThanOrEqualTo(LEAST_KEPT);
    assertThat(after.kept(CALM)).as("of what is guarded").isGreaterThanOrEqualTo(LEAST_KEPT);
  }

  @ParameterizedTest
  @EnumSource(names = {"SLEEPERS", "HALF_TRUTHS_DRIP"})
  void more_liars_in_a_larger_crowd_hold_no_more(Attack attack) {
    List<Said> truth = truth(2, 2 * LIARS);
    Outcome free = Trial.unguarded(PARTITIONS).run(truth).outcome();
    Outcome after = Trial.guarded(PARTITIONS).run(with(truth, attack, 2 * LIARS)).outcome();
    assertThat(after.liesShare()).isLessThanOrEqualTo(MOST_LIES);
    assertThat(after.kept(free)).isGreaterThanOrEqualTo(LEAST_KEPT);
  }

  @Test
  void without_the_guard_liars_would_win() {
    List<Said> all = with(TRUTH, Attack.ALONE_DRIP, LIARS);
    Guard off = new Guard(false, Duration.ofHours(6), 0, 0, 0, 0, Duration.ZERO, 0, 0, 0, 0);
    Outcome after = new Trial(Caps.DEFAULT, off, PARTITIONS).run(all).outcome();
    assertThat(after.liesShare()).isGreaterThan(0.5);
  }

  @ParameterizedTest
  @EnumSource(names = {"ALONE_BURST", "PREFERENCES_BURST"})
  void the_whole_topology_does_what_the_trial_does(Attack attack) {
    List<Said> truth = truth(3, 4);
    List<Said> all = with(truth, attack, 4);
    Outcome trial = Trial.guarded(1).run(all).outcome();
    Outcome topology = guarded(all);
    assertThat(topology.liesShare()).isLessThan(MOST_LIES);
    // Of contradicted lies it depends on who is heard first.
    assertThat(topology.liesShare()).isCloseTo(trial.liesShare(), within(0.02));
    assertThat(topology.kept(trial)).isBetween(0.98, 1.02);
  }

  private static List<Said> truth(int seed, int liars) {
    return new Crowd(seed, 19 * liars, Tail.LOG_NORMAL).say(Duration.ZERO, DAY);
  }

  private static List<Said> with(List<Said> truth, Attack attack, int liars) {
    List<Said> all = new ArrayList<>(truth);
    all.addAll(attack.say(1_001, liars, truth.size() * 3 / 2, DAY));
    return all;
  }

  static Outcome guarded(List<Said> said) {
    return outcome(said, Trial.guarded(1), HELD);
  }

  /// The same before anything was held for long.
  static Outcome guardedAtOnce(List<Said> said) {
    return outcome(said, Trial.guarded(1), Duration.ofSeconds(20));
  }

  static Outcome unguarded(List<Said> said) {
    return outcome(said, Trial.unguarded(1), HELD);
  }

  /// What comes of it in the whole topology when it is sent in order of time, the clock going
  /// along.
  private static Outcome outcome(List<Said> said, Trial trial, Duration then) {
    try (Bench bench = new Bench(trial.config(Bench.temporary()), 1)) {
      Duration now = Duration.ZERO;
      int number = 0;
      for (Said next : said.stream().sorted(Comparator.comparing(Said::at)).toList()) {
        if (next.at().compareTo(now) > 0) {
          bench.pass(next.at().minus(now));
          now = next.at();
        }
        String id = Outcome.id(next, number++);
        bench.send(next.completion(id, Trial.START));
        bench.send(next.feedback(id, Trial.START));
      }
      bench.settle();
      bench.pass(then);
      return Outcome.of(bench.examples());
    }
  }
}
