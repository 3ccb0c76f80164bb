package dev.tidemill.platform.kafka;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// A record of a topic with the place it was read from.
///
/// @param value null for a tombstone
public record TopicRecord<T>(
    String topic, int partition, long offset, Instant timestamp, String key, @Nullable T value) {}
