package dev.tidemill.platform.window;

import dev.tidemill.events.Candidate;
import dev.tidemill.events.OffsetRange;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.function.ToLongFunction;
import org.apache.kafka.common.TopicPartition;

/// A checkpoint that was verified.
///
/// @param candidate what its window published, or is about to publish
/// @param state folder with the trainer's files
record Checkpoint(Candidate candidate, Path state) {

  long sequence() {
    return candidate.getSequence();
  }

  /// Where its window begins.
  Map<TopicPartition, Long> from() {
    return ends(OffsetRange::getFromOffset, Math::min);
  }

  /// Where the window after it begins.
  Map<TopicPartition, Long> to() {
    return ends(OffsetRange::getToOffset, Math::max);
  }

  // A partition has several ranges when erased records were cut out of it.
  private Map<TopicPartition, Long> ends(
      ToLongFunction<OffsetRange> end, BinaryOperator<Long> outer) {
    Map<TopicPartition, Long> offsets = new HashMap<>();
    for (OffsetRange range : candidate.getWindows()) {
      offsets.merge(
          new TopicPartition(range.getTopic(), range.getPartition()),
          end.applyAsLong(range),
          outer);
    }
    return offsets;
  }
}
