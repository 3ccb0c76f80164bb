package dev.tidemill.curator.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tidemill.curator.Bench;
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
    assertThat(outcome.weight(false)).isEqualTo(200);
    assertThat(outcome.dampings()).isEmpty();
    assertThat(outcome.reasons()).isEmpty();
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
  void the_same_witnesses_are_worth_nothing_the_second_time() {
    List<Integer> clique = List.of(1, 2, 3, 4, 5);
    Standing standing = Standing.none(0).heard(2, 0, clique).heard(2, 0, clique);
    assertThat(standing.present().earned()).isEqualTo(2_000);
    assertThat(standing.present().agreed()).isEqualTo(4_000);
    assertThat(standing.allowance(10, 1, Guard.DEFAULT)).as("a clique earns nothing").isEqualTo(14);
    for (int witness = 0; witness < 40; witness++) {
      standing = standing.heard(1, 0, List.of(1_000 + witness * 7_919));
    }
    assertThat(standing.allowance(10, 1, Guard.DEFAULT)).isGreaterThan(45);
    assertThat(standing.at(2).allowance(10, 1, Guard.DEFAULT)).as("forgotten").isEqualTo(14);
    Standing doubted = standing.heard(0, 200, List.of());
    assertThat(doubted.trust(1, 0.1)).isCloseTo(0.1, within(1e-9));
    assertThat(doubted.band(Guard.DEFAULT)).isEqualTo(Standing.Band.DOUBTED);
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
    population.turn(4);
    assertThat(population.size()).isEqualTo(100);
    assertThat(population.usual()).isCloseTo(8, within(0.5));
    population.turn(6);
    assertThat(population.size()).isZero();
  }

  @Test
  void a_tombstone_forgets_a_subject_and_metrics_show_what_is_known() {
    try (Bench bench = new Bench()) {
      Said.correction(Duration.ZERO, "ann", "q", "wrong", "a long right answer").send(bench, "c1");
      Said.rating(Duration.ZERO, "bob", "is it so?", "it is so", true).send(bench, "c2");
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

  private static double known(Bench bench) {
    return bench.meters.get("tidemill.curator.trust.subjects").gauges().stream()
        .mapToDouble(gauge -> gauge.value())
        .sum();
  }
}
