package dev.tidemill.platform.provenance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.events.OffsetRange;
import dev.tidemill.events.SourcePosition;
import java.util.Arrays;
import java.util.List;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class ErasedPositionsTest {

  @Test
  void cutsTheErasedPlacesAndKeepsBothEnds() {
    assertThat(at(3, 4, 7).cutFrom(range(0, 10)))
        .containsExactly(range(0, 3), range(5, 7), range(8, 10));
    assertThat(at(0, 1).cutFrom(range(0, 10))).containsExactly(range(0, 0), range(2, 10));
    assertThat(at(9).cutFrom(range(0, 10))).containsExactly(range(0, 9), range(10, 10));
    assertThat(at(0).cutFrom(range(0, 1))).containsExactly(range(0, 0), range(1, 1));
    assertThat(at(10, 11).cutFrom(range(0, 10))).containsExactly(range(0, 10));
    assertThat(at(5).cutFrom(range(5, 5))).containsExactly(range(5, 5));
  }

  @Test
  void whatWasCutIsNotTouched() {
    ErasedPositions erased = at(0, 3, 4, 9);
    assertThat(erased.touches(List.of(range(0, 10)))).isTrue();
    assertThat(erased.touches(erased.cutFrom(range(0, 10)))).isFalse();
    assertThat(erased.touches(List.of(new OffsetRange("other", 0, 0L, 10L)))).isFalse();
    assertThat(erased.touches(List.of(new OffsetRange("t", 1, 0L, 10L)))).isFalse();
  }

  @Test
  void placesAddUp() {
    ErasedPositions both = at(1, 2).with(at(2, 3));
    assertThat(both).isEqualTo(at(1, 2, 3));
    assertThat(both.size()).isEqualTo(3);
    assertThat(both.holds(new TopicPartition("t", 0), 3)).isTrue();
    assertThat(both.holds(new TopicPartition("t", 1), 3)).isFalse();
  }

  private static ErasedPositions at(long... offsets) {
    return ErasedPositions.of(
        Arrays.stream(offsets).mapToObj(offset -> new SourcePosition("t", 0, offset)).toList());
  }

  private static OffsetRange range(long from, long to) {
    return new OffsetRange("t", 0, from, to);
  }
}
