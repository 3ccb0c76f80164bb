package dev.tidemill.schemas;

import java.time.Duration;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/// A Kafka topic of the catalogue with the record type of its values. Keys are UTF-8 strings.
///
/// @param name topic name
/// @param type generated class of the values
/// @param key what the key holds, in words
/// @param partitions number of partitions
/// @param cleanup what Kafka does with old records
/// @param retention how long records stay when they are deleted by age; null for compacted topics
/// @param writers who may write
public record Topic<T extends SpecificRecord>(
    String name,
    Class<T> type,
    String key,
    int partitions,
    Cleanup cleanup,
    @Nullable Duration retention,
    List<String> writers) {

  public Topic {
    if (partitions < 1) {
      throw new IllegalArgumentException("topic " + name + " needs at least one partition");
    }
    if ((cleanup == Cleanup.DELETE) != (retention != null)) {
      throw new IllegalArgumentException(
          "topic " + name + ": retention goes with cleanup delete, and only with it");
    }
    writers = List.copyOf(writers);
  }

  /// What Kafka does with old records of a topic.
  public enum Cleanup {
    /// Removes records by age.
    DELETE,
    /// Keeps the newest record of each key.
    COMPACT
  }
}
