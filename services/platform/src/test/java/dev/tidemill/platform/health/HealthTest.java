package dev.tidemill.platform.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class HealthTest {

  private final AtomicLong nanos = new AtomicLong();
  private final Health health = new Health(nanos::get);

  @Test
  void aLoopThatComesRoundIsAlive() {
    Heartbeat heartbeat = health.heartbeat("loop", Duration.ofSeconds(10));
    pass(10);
    assertThat(health.live().ok()).isTrue();
    pass(1);
    assertThat(health.live().ok()).isFalse();
    heartbeat.beat();
    assertThat(health.live().ok()).isTrue();
  }

  @Test
  void aLoopThatWasClosedIsNotLookedAt() {
    Heartbeat heartbeat = health.heartbeat("loop", Duration.ofSeconds(10));
    heartbeat.close();
    pass(100);
    assertThat(health.live()).isEqualTo(new Health.Report(true, java.util.List.of()));
  }

  @Test
  void aLoopThatFailedIsDeadAndNamed() {
    Heartbeat heartbeat = health.heartbeat("loop", Duration.ofSeconds(10));
    heartbeat.fail(new IllegalStateException("out of luck"));
    heartbeat.beat();
    assertThat(health.live().checks())
        .containsExactly(new Health.Check("loop", false, "ended: out of luck"));
    assertThat(health.firstFailure().join().name()).isEqualTo("loop");
  }

  @Test
  void readinessIsAskedEachTime() {
    AtomicLong asked = new AtomicLong();
    health.readiness(
        "b", () -> asked.incrementAndGet() < 2 ? Optional.of("not yet") : Optional.empty());
    health.readiness(
        "a",
        () -> {
          throw new IllegalStateException("no answer");
        });
    assertThat(health.ready().checks())
        .containsExactly(
            new Health.Check("a", false, "could not be asked: no answer"),
            new Health.Check("b", false, "not yet"));
    health.removeReadiness("a");
    assertThat(health.ready().ok()).isTrue();
  }

  private void pass(long seconds) {
    nanos.addAndGet(Duration.ofSeconds(seconds).toNanos());
  }
}
