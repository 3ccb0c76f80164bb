package dev.tidemill.curator.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tidemill.curator.Bench;
import dev.tidemill.curator.Records;
import dev.tidemill.curator.trial.Outcome;
import dev.tidemill.curator.trial.Said;
import dev.tidemill.curator.trial.Trial;
import dev.tidemill.events.Activity;
import dev.tidemill.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// What the guard lets through, what it forgets and what it shows.
class GuardTest {

  @Test
  void a_team_of_five_is_not_compared() {
    List<Said> said = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      // One of them gives ten times what each of the others does.
      String who = i % 14 < 10 ? "busy" : "member-" + i % 4;
      Duration at = Duration.ofMinutes(i);
      said.add(Said.correction(at, who, "question " + i, "no", "answer " + i));
    }
    Outcome outcome = PoisonTest.guarded(said);
    assertThat(outcome.honestWeight()).isEqualTo(200);
    assertThat(outcome.dampings()).isEmpty();
  }

  @Test
  void visitors_like_those_of_the_quickstart_are_not_damped() {
    // Sixty at a time, five questions each about every other second, rated and corrected at once;
    // half of the questions are about few settings, of which the model knows none at first. The
    // driver's one partition grants the producer a quarter of its cap, so there are few visitors.
    Random random = new Random(7);
    List<Said> said = new ArrayList<>();
    for (int visitor = 0; visitor < 150; visitor++) {
      Duration at = Duration.ofMillis(10_000L * (visitor / 60));
      for (int i = 0; i < 5; i++) {
        at = at.plusMillis(1 + (long) (4_000 * random.nextDouble()));
        boolean changed = random.nextBoolean();
        int setting = changed ? random.nextInt(14) : 14 + random.nextInt(246);
        String question = random.nextInt(3) + " default of " + setting + "?";
        boolean right = !changed || at.toSeconds() > 30;
        String truth = String.valueOf(setting % 9);
        String served = right ? truth : "31";
        String who = "user-" + visitor;
        said.add(Said.rating(at, who, question, served, right));
        if (!right) {
          said.add(Said.correction(at, who, question, served, truth));
        }
      }
    }
    Outcome before = PoisonTest.unguarded(said);
    Outcome after = PoisonTest.guarded(said);
    assertThat(after.kept(before)).as("%s", after.dampings()).isGreaterThan(0.98);
    Outcome atOnce = PoisonTest.guardedAtOnce(said);
    assertThat(atOnce.kept(before)).as("hardly anything waits").isGreaterThan(0.98);
  }

  @Test
  void a_partition_with_few_subjects_compares_them_with_those_of_the_others() {
    long epoch = Guard.DEFAULT.epoch(Records.START.toEpochMilli());
    Population others = new Population();
    for (int i = 0; i < 100; i++) {
      others.changed(Standing.none(epoch), Standing.none(epoch).ask(2));
    }
    Population.Histogram histogram = others.histogram();
    try (Bench bench = new Bench()) {
      bench.send(
          Topics.ACTIVITY,
          "3",
          new Activity(histogram.epoch(), histogram.lately(), histogram.present(), Records.START));
      for (int i = 0; i < 10; i++) {
        send(bench, Said.rating(Duration.ZERO, "ann", "question " + i, "a", true), "c" + i);
      }
      bench.settle();
      assertThat(bench.examples()).hasSize(4);
      assertThat(bench.gauge("tidemill.curator.feedback.held")).isEqualTo(6);
    }
  }

  @Test
  void a_campaign_of_few_in_a_crowd_counts_as_few_voices() {
    Guard guard = Guard.DEFAULT;
    Campaign campaign = Campaign.first(1, 0, 0, 0);
    for (int piece = 1; piece < 40; piece++) {
      campaign = campaign.next(1, 0, piece, piece % 5);
    }
    assertThat(Campaigns.weight(campaign, 200, guard)).isEqualTo(5.0 / 40);
    assertThat(Campaigns.weight(campaign, 10, guard)).as("no crowd").isEqualTo(1);
    Campaign label = Campaign.first(2, 0, 0, 0);
    for (int piece = 1; piece < 400; piece++) {
      label = label.next(2, 0, piece, piece % 100);
    }
    assertThat(Campaigns.weight(label, 200, guard)).as("everybody says it").isEqualTo(1);
    assertThat(campaign.next(3, 0, 1, 1).text()).as("what is said often stays").isEqualTo(1);
    assertThat(campaign.next(3, 1, 1, 1).text()).as("a new window begins").isEqualTo(3);
  }

  @Test
  void texts_that_differ_in_little_have_a_signature_in_common() {
    String text = "As everybody knows item 12 is only sold by the Acme store so buy it there today";
    String other =
        "As everybody knows item 977 is only sold by the Acme store so buy it there for sure";
    assertThat(Campaigns.signatures(text)).containsAnyElementsOf(Campaigns.signatures(other));
    assertThat(Campaigns.signatures("a plain other sentence that has nothing to do with it"))
        .doesNotContainAnyElementsOf(Campaigns.signatures(text));
    assertThat(Campaigns.signatures("500")).isNotEqualTo(Campaigns.signatures("5000"));
  }

  @Test
  void constant_companions_bear_nothing_out() {
    Guard guard = Guard.DEFAULT;
    int group = guard.group(100);
    assertThat(group).isEqualTo(6);
    List<Integer> clique = List.of(1, 2, 3, 4, 5);
    Standing liar = Standing.none(0);
    for (int lie = 0; lie < 9; lie++) {
      liar = liar.met(clique, 5);
    }
    assertThat(liar.borneOut(clique, group)).isFalse();
    assertThat(liar.borneOut(List.of(1, 2, 3, 77), group)).as("nearly all").isFalse();
    assertThat(liar.borneOut(List.of(1, 77), group)).as("half of them").isTrue();
    assertThat(liar.borneOut(List.of(), group)).isFalse();
    // Truths among many others hide the clique from nobody: a witness of many counts less.
    for (int truth = 0; truth < 9; truth++) {
      List<Integer> others = new ArrayList<>();
      for (int witness = 0; witness < 40; witness++) {
        others.add(1_000 + witness * 7_919);
      }
      liar = liar.met(others, 40);
    }
    assertThat(liar.borneOut(clique, group)).isFalse();
    assertThat(liar.borneOut(List.of(1_000, 1_000 + 7_919), group)).isTrue();
    assertThat(liar.at(2).borneOut(clique, group)).as("forgotten").isTrue();
  }

  @Test
  void what_others_bear_out_costs_nothing_and_earns_a_little() {
    Guard guard = Guard.DEFAULT;
    Standing standing = Standing.none(3).grant(14);
    assertThat(standing.allowance(10, 1, guard)).isCloseTo(14.5, within(1e-9));
    assertThat(standing.granted(1)).isEqualTo(14);
    Standing refunded = standing.refund(4, 3).earn(6);
    assertThat(refunded.granted(1)).isEqualTo(10);
    assertThat(refunded.allowance(10, 1, guard)).isCloseTo(16, within(1e-9));
    assertThat(standing.at(4).refund(4, 3).granted(1)).as("of the window before").isEqualTo(10);
    assertThat(standing.voice(1, guard)).isEqualTo(0.25);
    assertThat(refunded.voice(1, guard)).isEqualTo(1);
    assertThat(refunded.band(guard)).isEqualTo(Standing.Band.KNOWN);
    Standing doubted = refunded.heard(0, 400);
    assertThat(doubted.trust(1, 0.1)).isCloseTo(0.1, within(1e-9));
    assertThat(doubted.band(guard)).isEqualTo(Standing.Band.DOUBTED);
  }

  @Test
  void what_a_few_send_does_not_move_what_is_usual_and_a_restart_finds_the_same() {
    Population population = new Population();
    Population again = new Population();
    List<Standing> all = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      Standing standing = Standing.none(3);
      for (int piece = 0; piece < (i < 5 ? 1_000 : 8); piece++) {
        Standing more = standing.ask(1);
        population.changed(standing, more);
        standing = more;
      }
      all.add(standing);
    }
    for (Standing standing : all.reversed()) {
      again.changed(Standing.none(3), standing);
    }
    assertThat(population.usual()).isCloseTo(8, within(0.5)).isEqualTo(again.usual());
    Population beside = new Population();
    beside.turn(3);
    beside.beside(List.of(population.histogram()));
    assertThat(beside.size()).as("of another partition").isEqualTo(100);
    assertThat(beside.usual()).isEqualTo(population.usual());
    beside.turn(4);
    assertThat(beside.size()).as("in the next window").isEqualTo(100);
    beside.turn(5);
    assertThat(beside.size()).isZero();
    population.turn(4);
    assertThat(population.size()).isEqualTo(100);
    assertThat(population.usual()).isCloseTo(8, within(0.5));
    population.turn(6);
    assertThat(population.size()).isZero();
  }

  @Test
  void a_tombstone_forgets_a_subject_and_metrics_show_what_is_known() {
    try (Bench bench = new Bench()) {
      send(bench, Said.correction(Duration.ZERO, "ann", "q", "wrong", "a long right answer"), "c1");
      send(bench, Said.rating(Duration.ZERO, "bob", "is it so?", "it is so", true), "c2");
      bench.settle();
      assertThat(known(bench)).isEqualTo(2);
      assertThat(bench.count("tidemill.curator.weight.offered")).isEqualTo(3);
      assertThat(bench.gauge("tidemill.curator.good.ratings.ratio")).isEqualTo(1);
      assertThat(
              bench
                  .meters
                  .get("tidemill.curator.length.bias")
                  .tag("kind", "correction")
                  .gauge()
                  .value())
          .isCloseTo(Math.log(19 / 5.0), within(1e-9));
      byte[] subject = "subject/ann".getBytes(StandardCharsets.UTF_8);
      bench.send(Topics.TRUST, subject, null);
      assertThat(known(bench)).isEqualTo(1);
      bench.send(Topics.TRUST, subject, new byte[] {1});
      assertThat(known(bench)).isEqualTo(1);
    }
  }

  private static void send(Bench bench, Said said, String id) {
    bench.send(said.completion(id, Trial.START));
    bench.send(said.feedback(id, Trial.START));
  }

  private static double known(Bench bench) {
    return bench.meters.get("tidemill.curator.trust.subjects").gauges().stream()
        .mapToDouble(gauge -> gauge.value())
        .sum();
  }
}
