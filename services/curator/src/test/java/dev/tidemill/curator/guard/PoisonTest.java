package dev.tidemill.curator.guard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.curator.Bench;
import dev.tidemill.curator.CuratorConfig;
import dev.tidemill.curator.domain.Caps;
import dev.tidemill.curator.text.LanguageRules;
import dev.tidemill.curator.text.Licences;
import dev.tidemill.curator.text.Quality;
import dev.tidemill.curator.text.Sources;
import dev.tidemill.curator.text.pii.PiiRules;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// 5 % of the subjects send 60 % of the feedback, coordinated, in one burst or in a slow drip.
class PoisonTest {
  private static final int HONEST = 133;
  private static final int LIARS = 7;
  private static final Duration DAY = Duration.ofHours(3);

  @ParameterizedTest
  @EnumSource
  void a_burst(Attack attack) {
    List<Said> honest = new Crowd(1, HONEST, 150).say(Duration.ZERO, DAY);
    int pieces = honest.size() * 3 / 2;
    Duration from = DAY.minusMinutes(40);
    judge("burst", attack, honest, attack.say(2, LIARS, pieces, from, from.plusMinutes(20)), 0.5);
  }

  @ParameterizedTest
  @EnumSource
  void a_drip(Attack attack) {
    List<Said> honest = new Crowd(1, HONEST, 150).say(Duration.ZERO, DAY);
    int pieces = honest.size() * 3 / 2;
    judge("drip", attack, honest, attack.say(2, LIARS, pieces, Duration.ZERO, DAY), 0.75);
  }

  private static void judge(
      String name, Attack attack, List<Said> honest, List<Said> lies, double most) {
    List<Said> all = new ArrayList<>(honest);
    all.addAll(lies);
    try (Bench unguarded = new Bench(unguarded());
        Bench bench = new Bench(guarded(Caps.DEFAULT))) {
      Outcome before = Outcome.of(unguarded, honest);
      Outcome after = Outcome.of(bench, all);
      System.out.printf(
          "%-6s %-20s liars' share %.3f, honest keep %.3f of %.0f; %s %s%n",
          name,
          attack,
          after.liarsShare(),
          after.kept(before),
          before.weight(false),
          after.dampings(),
          after.reasons());
      assertThat(after.kept(before)).isGreaterThan(0.85);
      assertThat(after.liarsShare()).isLessThan(most);
    }
  }

  private static CuratorConfig guarded(Caps caps) {
    CuratorConfig config = CuratorConfig.of(Bench.temporary());
    return new CuratorConfig(
        config.stateDirectory(),
        1,
        config.commitInterval(),
        Bench.NOTHING_HELD_OUT,
        config.limits(),
        config.join(),
        config.dedupe(),
        config.near(),
        caps,
        Quality.OFF,
        LanguageRules.OFF,
        PiiRules.OFF,
        Sources.ALL,
        Licences.ANY);
  }

  private static CuratorConfig unguarded() {
    return guarded(
        new Caps(Duration.ofMinutes(10), 1_000_000, 1_000_000, 0.0001, Duration.ofMillis(1)));
  }
}
