package dev.tidemill.curator.guard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.curator.Bench;
import dev.tidemill.curator.CuratorConfig;
import dev.tidemill.curator.domain.Caps;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// 5 % of the subjects send 60 % of the feedback, coordinated: they end with at most 8 % of the
/// weight, and the honest keep at least 95 % of what they have where nobody lies and nothing is
/// guarded. Printed figures go into the design page.
class PoisonTest {
  private static final int HONEST = 133;
  private static final int LIARS = 7;
  private static final Duration DAY = Duration.ofHours(3);
  private static final List<Said> TRUTH = crowd().say(Duration.ZERO, DAY);

  private static Outcome before = Outcome.NOTHING;

  @BeforeAll
  static void withoutGuard() {
    before = unguarded(TRUTH);
  }

  @ParameterizedTest
  @EnumSource(names = {"ONE_LIE", "ALONE", "RATINGS", "PREFERENCES", "TEMPLATES"})
  void a_burst(Attack attack) {
    Duration from = DAY.minusMinutes(40);
    judge("burst", attack, attack.say(2, LIARS, sixtyPercent(), from, from.plusMinutes(20)));
  }

  @ParameterizedTest
  @EnumSource(names = {"MANY_LIES", "ALONE", "RATINGS"})
  void a_drip(Attack attack) {
    judge("drip", attack, attack.say(2, LIARS, sixtyPercent(), Duration.ZERO, DAY));
  }

  @Test
  void sleepers_that_were_honest_for_half_of_the_time() {
    List<Said> lies = new ArrayList<>();
    lies.addAll(new Crowd(5, LIARS, 150).say(Attack.LIAR, Duration.ZERO, DAY.dividedBy(2)));
    lies.addAll(Attack.ALONE.say(2, LIARS, sixtyPercent(), DAY.dividedBy(2), DAY));
    judge("sleep", Attack.ALONE, lies);
  }

  @Test
  void the_honest_alone_lose_little() {
    judge("none", "", List.of());
  }

  private static void judge(String name, Object attack, List<Said> lies) {
    List<Said> all = new ArrayList<>(TRUTH);
    all.addAll(lies);
    Outcome after = guarded(all);
    System.out.printf(
        "%-6s %-18s lies' share %.3f, honest keep %.3f; %s %s%n",
        name, attack, after.liesShare(), after.kept(before), after.dampings(), after.reasons());
    assertThat(after.kept(before)).isGreaterThan(0.95);
    assertThat(after.liesShare()).isLessThan(0.08);
  }

  static Crowd crowd() {
    return new Crowd(1, HONEST, 150);
  }

  private static int sixtyPercent() {
    return TRUTH.size() * 3 / 2;
  }

  static Outcome guarded(List<Said> said) {
    return outcome(said, Caps.DEFAULT, Guard.DEFAULT);
  }

  /// What comes of it without caps, comparison, trust or agreement.
  static Outcome unguarded(List<Said> said) {
    return outcome(
        said,
        new Caps(Duration.ofMinutes(10), 1_000_000, 1_000_000, 0.0001, Duration.ofMillis(1)),
        new Guard(false, Duration.ofHours(6), 0, 0, 0, 0, Duration.ZERO, 0, 0, 0, 0));
  }

  private static Outcome outcome(List<Said> said, Caps caps, Guard guard) {
    CuratorConfig config = CuratorConfig.of(Bench.temporary());
    try (Bench bench =
        new Bench(
            new CuratorConfig(
                config.streams(),
                Bench.NOTHING_HELD_OUT,
                config.limits(),
                config.join(),
                config.dedupe(),
                config.near(),
                caps,
                guard,
                config.text(),
                config.erasure()))) {
      return Outcome.of(bench, said);
    }
  }
}
