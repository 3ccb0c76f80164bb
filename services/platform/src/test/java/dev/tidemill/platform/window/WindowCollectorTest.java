package dev.tidemill.platform.window;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemill.events.OffsetRange;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class WindowCollectorTest {
  private static final TopicPartition ZERO = new TopicPartition("t", 0);
  private static final TopicPartition ONE = new TopicPartition("t", 1);

  private final AtomicLong nanos = new AtomicLong();

  @Test
  void closesAtMaxRecordsAndKeepsTheRestForTheNextWindow() {
    WindowCollector<String> collector = collector(2, 1);
    offer(collector, ZERO, 5, "yes");
    offer(collector, ZERO, 6, "other");
    offer(collector, ZERO, 7, "yes");
    offer(collector, ZERO, 8, "yes");

    assertThat(collector.closed()).isTrue();
    assertThat(collector.hasRoom()).isFalse();
    assertThat(collector.ranges())
        .containsExactly(new OffsetRange("t", 0, 5L, 8L), new OffsetRange("t", 1, 0L, 0L));
    assertThat(collector.records()).hasSize(2);

    collector.next();
    assertThat(collector.closed()).isFalse();
    assertThat(collector.ranges().getFirst()).isEqualTo(new OffsetRange("t", 0, 8L, 9L));
  }

  @Test
  void ratingsBelongButCloseNothing() {
    WindowCollector<String> collector = collector(2, 1);
    offer(collector, ZERO, 5, "belongs");
    offer(collector, ONE, 0, "belongs");
    nanos.addAndGet(Duration.ofHours(1).toNanos());

    assertThat(collector.closed()).isFalse();
    assertThat(collector.held()).isEqualTo(2);
  }

  @Test
  void closesByAgeAndByIdlenessButNeverBelowTheMinimum() {
    WindowCollector<String> collector = collector(10, 2);
    offer(collector, ZERO, 5, "yes");
    assertThat(collector.closed()).isFalse();
    nanos.addAndGet(Duration.ofSeconds(60).toNanos());
    assertThat(collector.closed()).isFalse();

    offer(collector, ZERO, 6, "yes");
    assertThat(collector.closed()).isTrue();
  }

  @Test
  void undecodableRecordTakesItsOffsetOnly() {
    WindowCollector<String> collector = collector(1, 1);
    collector.offer(ZERO, 5, null);
    offer(collector, ZERO, 6, "yes");

    assertThat(collector.closed()).isTrue();
    assertThat(collector.records()).containsExactly(new WindowRecord<>(0, 6, "yes"));
    assertThat(collector.ranges().getFirst()).isEqualTo(new OffsetRange("t", 0, 5L, 7L));
  }

  @Test
  void impossiblePolicyIsRefused() {
    assertThatThrownBy(() -> new WindowPolicy(2, Duration.ZERO, Duration.ZERO, 3))
        .hasMessageContaining("min_records");
  }

  private WindowCollector<String> collector(int most, int least) {
    return new WindowCollector<>(
        new WindowPolicy(most, Duration.ofSeconds(60), Duration.ofSeconds(10), least),
        text ->
            switch (text) {
              case "yes" -> Belonging.COUNTS;
              case "belongs" -> Belonging.BELONGS;
              case String other -> Belonging.OTHER;
            },
        Map.of(ZERO, 5L, ONE, 0L),
        nanos::get);
  }

  private static void offer(
      WindowCollector<String> collector, TopicPartition partition, long offset, String value) {
    collector.offer(partition, offset, value);
  }
}
