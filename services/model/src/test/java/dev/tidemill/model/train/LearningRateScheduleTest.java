package dev.tidemill.model.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class LearningRateScheduleTest {

  @Test
  void constantStays() {
    LearningRateSchedule rate = LearningRateSchedule.constant(0.5);
    assertThat(rate.at(0)).isEqualTo(0.5);
    assertThat(rate.at(1_000_000)).isEqualTo(0.5);
  }

  @Test
  void linearFallsByEqualSteps() {
    LearningRateSchedule rate = LearningRateSchedule.linear(1, 0.2, 8);
    assertThat(rate.at(0)).isEqualTo(1);
    assertThat(rate.at(2)).isCloseTo(0.8, within(1e-12));
    assertThat(rate.at(4)).isCloseTo(0.6, within(1e-12));
    assertThat(rate.at(8)).isCloseTo(0.2, within(1e-12));
    assertThat(rate.at(100)).isCloseTo(0.2, within(1e-12));
  }

  @Test
  void cosineFallsSlowlyAtBothEnds() {
    LearningRateSchedule rate = LearningRateSchedule.cosine(1, 0, 100);
    assertThat(rate.at(0)).isEqualTo(1);
    assertThat(rate.at(25)).isCloseTo(0.5 * (1 + Math.sqrt(0.5)), within(1e-12));
    assertThat(rate.at(50)).isCloseTo(0.5, within(1e-12));
    assertThat(rate.at(100)).isCloseTo(0, within(1e-12));
    assertThat(1 - rate.at(1)).isLessThan(rate.at(49) - rate.at(50));
  }

  @Test
  void warmUpRisesToThePeakAndThenTheScheduleBegins() {
    LearningRateSchedule rate = LearningRateSchedule.linear(1, 0, 10).withWarmUp(4);
    for (int step = 0; step < 4; step++) {
      assertThat(rate.at(step)).isCloseTo((step + 1) / 5.0, within(1e-12));
    }
    assertThat(rate.at(4)).isEqualTo(1);
    assertThat(rate.at(9)).isCloseTo(0.5, within(1e-12));
    LearningRateSchedule none = LearningRateSchedule.constant(1);
    assertThat(none.withWarmUp(0)).isSameAs(none);
  }
}
