package dev.tidemill.curator.domain;

import dev.tidemill.events.SourcePosition;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// A raw record as it lay in its topic: what a dead letter gives back.
///
/// @param source where it lay
/// @param timestamp of the Kafka record, in milliseconds
/// @param key its key bytes
/// @param payload its value bytes; null for a tombstone
public record Raw(
    SourcePosition source, long timestamp, @Nullable ByteBuffer key, @Nullable ByteBuffer payload) {

  /// Where it lay, as `topic-partition@offset`.
  public String position() {
    return "%s-%d@%d".formatted(source.getTopic(), source.getPartition(), source.getOffset());
  }
}
