package dev.tidemill.platform.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class AllowanceTest {
  private final AtomicLong nanos = new AtomicLong(1);

  @Test
  void aBurstIsTakenAndThenTheRateHolds() {
    Allowance allowance = new Allowance(60, Duration.ofMinutes(1), 10, nanos::get);
    assertThat(allowance.full()).isTrue();
    assertThat(allowance.take(10)).isEmpty();
    assertThat(allowance.take(2)).contains(Duration.ofSeconds(2));
    nanos.addAndGet(Duration.ofSeconds(2).toNanos());
    assertThat(allowance.take(2)).isEmpty();
    assertThat(allowance.take(1)).isPresent();
    allowance.giveBack(1);
    assertThat(allowance.take(1)).isEmpty();
    nanos.addAndGet(Duration.ofSeconds(30).toNanos());
    assertThat(allowance.full()).isTrue();
    assertThat(allowance.take(0)).isEmpty();
    assertThat(allowance.take(allowance.burst() + 1)).isPresent();
  }
}
