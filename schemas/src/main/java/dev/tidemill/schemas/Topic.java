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
/// @param retention how long records stay when they are deleted by age; null for topics that are
///   only compacted
/// @param compactionLag how long a record stays whatever comes after it under its key; zero unless
///   told. A topic whose keys are not one for each record needs more than its readers' longest
///   outage
/// @param writers who may write
public record Topic<T extends SpecificRecord>(
    String name,
    Class<T> type,
    String key,
    int partitions,
    Cleanup cleanup,
    @Nullable Duration retention,
    Duration compactionLag,
    List<String> writers) {
  /// How long compaction may be put off after the lag.
  private static final Duration COMPACTION_DELAY = Duration.ofHours(24);

  public Topic {
    if (partitions < 1) {
      throw new IllegalArgumentException("topic " + name + " needs at least one partition");
    }
    if ((cleanup != Cleanup.COMPACT) != (retention != null)) {
      throw new IllegalArgumentException(
          "topic " + name + ": retention goes with cleanup delete, and only with it");
    }
    if (compactionLag.isNegative() || (cleanup == Cleanup.DELETE && !compactionLag.isZero())) {
      throw new IllegalArgumentException(
          "topic " + name + ": compaction_lag goes with cleanup compact, was " + compactionLag);
    }
    writers = List.copyOf(writers);
  }

  /// A topic that is compacted without a lag, or not at all.
  public Topic(
      String name,
      Class<T> type,
      String key,
      int partitions,
      Cleanup cleanup,
      @Nullable Duration retention,
      List<String> writers) {
    this(name, type, key, partitions, cleanup, retention, Duration.ZERO, writers);
  }

  /// Within what time Kafka physically removes a record after another, or a tombstone, has come
  /// under its key: the broker is told to compact no later.
  public Duration compactedWithin() {
    return compactionLag.plus(COMPACTION_DELAY);
  }

  /// What Kafka does with old records of a topic.
  public enum Cleanup {
    /// Removes records by age.
    DELETE,
    /// Keeps the newest record of each key.
    COMPACT,
    /// Removes records by age, and of those younger keeps the newest of each key: a single record
    /// can be taken away by a tombstone.
    COMPACT_DELETE;

    /// Whether a record goes when another, or a tombstone, comes under its key.
    public boolean compacts() {
      return this != DELETE;
    }
  }
}
