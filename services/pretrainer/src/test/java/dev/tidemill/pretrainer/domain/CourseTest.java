package dev.tidemill.pretrainer.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tidemill.model.train.LearningRateSchedule;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CourseTest {

  @Test
  void longestFittingStartOfASourceCounts() {
    Course course = new Course(3, Map.of("kafka", 5, "kafka-faq", 7), 1e-3, 0, 0);

    assertThat(course.epochsOf("kafka-faq-2026")).isEqualTo(7);
    assertThat(course.epochsOf("kafka-reference")).isEqualTo(5);
    assertThat(course.epochsOf("handbook")).isEqualTo(3);
  }

  @Test
  void learningRateRisesToThePeakAndFallsToTheFloor() {
    LearningRateSchedule rate = new Course(1, Map.of(), 0.01, 0.001, 4).schedule(24);

    assertThat(rate.at(0)).isEqualTo(0.002, within(1e-12));
    assertThat(rate.at(3)).isLessThan(0.01);
    assertThat(rate.at(4)).isEqualTo(0.01, within(1e-12));
    assertThat(rate.at(14)).isEqualTo(0.0055, within(1e-12));
    assertThat(rate.at(24)).isEqualTo(0.001, within(1e-12));
  }

  @Test
  void warmUpTakesAtMostHalfOfAShortRun() {
    LearningRateSchedule rate = new Course(1, Map.of(), 0.01, 0, 20).schedule(6);

    assertThat(rate.at(2)).isLessThan(0.01);
    assertThat(rate.at(3)).isEqualTo(0.01, within(1e-12));
    assertThat(rate.at(5)).isLessThan(rate.at(4));
  }

  @Test
  void runWithoutStepsHasASchedule() {
    assertThat(Course.CONTINUED.schedule(0).at(0)).isEqualTo(Course.CONTINUED.floor());
  }

  @Test
  void senselessCoursesAreRefused() {
    assertThatThrownBy(() -> new Course(0, Map.of(), 1e-3, 0, 0))
        .hasMessageContaining("epochs must be at least 1");
    assertThatThrownBy(() -> new Course(1, Map.of("faq", 0), 1e-3, 0, 0))
        .hasMessageContaining("epochs must be at least 1");
    assertThatThrownBy(() -> new Course(1, Map.of(), Double.NaN, 0, 0))
        .hasMessageContaining("learning_rate must be above 0");
    assertThatThrownBy(() -> new Course(1, Map.of(), 1e-3, 2e-3, 0))
        .hasMessageContaining("floor between 0 and it");
    assertThatThrownBy(() -> new Course(1, Map.of(), 1e-3, 0, -1))
        .hasMessageContaining("warm_up_steps must not be negative");
  }
}
