package dev.tidemill.inference.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class WaitEstimateTest {
  private final AtomicLong now = new AtomicLong();
  private final WaitEstimate waits = new WaitEstimate(4, now::get);

  @Test
  void nobodyWaitsWhileAPlaceIsFreeOrNothingIsKnown() {
    assertThat(waits.seconds(4, 20, 1)).isZero();
    waits.ended(8, 0);
    assertThat(waits.seconds(3, 0, 1)).isZero();
    assertThat(waits.seconds(4, 0, 1)).isEqualTo(2);
    assertThat(waits.seconds(2, 0, 3)).isEqualTo(2);
  }

  @Test
  void thePaceIsThatAtWhichPlacesCameFreeWhileOthersWaited() {
    waits.ended(8, 5);
    // Four that began together end together, every twelve seconds: one in three seconds.
    for (int round = 0; round < 20; round++) {
      now.addAndGet(12_000_000_000L);
      for (int i = 0; i < 4; i++) {
        waits.ended(12, 5);
      }
    }
    assertThat(waits.seconds(4, 9, 1)).isCloseTo(30, within(5.0));
  }

  @Test
  void anIdleTimeBetweenTwoEndsIsNoPace() {
    waits.ended(8, 1);
    now.addAndGet(1_000_000_000L);
    waits.ended(1, 0);
    double before = waits.seconds(4, 9, 1);
    now.addAndGet(3_600_000_000_000L);
    waits.ended(1, 1);
    assertThat(waits.seconds(4, 9, 1)).isEqualTo(before);
  }
}
