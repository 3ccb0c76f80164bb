package dev.tidemill.curator.erasure;

import dev.tidemill.curator.domain.ErasedSubjects;
import dev.tidemill.curator.domain.Forgetting;
import dev.tidemill.events.Erasure;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/// Erasures that are applied together: one passage through the topics serves them all.
final class Batch {
  /// One erasure.
  record Entry(Erasure erasure, Forgetting forgetting, Instant arrived) {}

  private final List<Entry> entries = new ArrayList<>();
  private final ErasedSubjects subjects = new ErasedSubjects();
  private final Map<Integer, Long> last = new HashMap<>();
  private final Map<TopicPartition, Long> first = new HashMap<>();
  private final Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>();

  void add(ConsumerRecord<String, byte[]> record, Erasure erasure, Forgetting forgetting) {
    entries.add(new Entry(erasure, forgetting, Instant.ofEpochMilli(record.timestamp())));
    subjects.add(forgetting);
    last.put(record.partition(), record.offset());
    pass(record);
  }

  /// Takes the offset of a record that asks for nothing.
  void pass(ConsumerRecord<String, byte[]> record) {
    TopicPartition partition = new TopicPartition(record.topic(), record.partition());
    first.putIfAbsent(partition, record.offset());
    next.put(partition, new OffsetAndMetadata(record.offset() + 1));
  }

  List<Entry> entries() {
    return entries;
  }

  ErasedSubjects subjects() {
    return subjects;
  }

  /// Offset of the last erasure, by partition.
  Map<Integer, Long> last() {
    return last;
  }

  /// Where this batch begins.
  Map<TopicPartition, Long> first() {
    return first;
  }

  /// Where the next batch begins.
  Map<TopicPartition, OffsetAndMetadata> next() {
    return next;
  }

  Optional<Instant> oldest() {
    return entries.stream().map(Entry::arrived).min(Comparator.naturalOrder());
  }
}
