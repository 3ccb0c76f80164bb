package dev.tidemill.platform.window;

import dev.tidemill.events.Candidate;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
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
    Map<TopicPartition, Long> offsets = new HashMap<>();
    candidate
        .getWindows()
        .forEach(
            r ->
                offsets.put(new TopicPartition(r.getTopic(), r.getPartition()), r.getFromOffset()));
    return offsets;
  }

  /// Where the window after it begins.
  Map<TopicPartition, Long> to() {
    Map<TopicPartition, Long> offsets = new HashMap<>();
    candidate
        .getWindows()
        .forEach(
            r -> offsets.put(new TopicPartition(r.getTopic(), r.getPartition()), r.getToOffset()));
    return offsets;
  }
}
