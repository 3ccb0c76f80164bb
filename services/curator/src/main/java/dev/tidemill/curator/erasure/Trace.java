package dev.tidemill.curator.erasure;

import dev.tidemill.curator.domain.ErasedSubjects;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/// What one topic holds of one subject, as two passages through it find: one over what is committed
/// and one over all that lies in the log.
final class Trace {
  /// What a record is to the subject.
  private enum Kind {
    NOTHING,
    /// It gave it after its last erasure.
    SINCE,
    /// It gave it before, or its name is among the bytes.
    OF_SUBJECT
  }

  private final String topic;
  private final String subject;
  private final ErasedSubjects asked;
  private final Readings readings;
  private final Map<TopicPartition, Long> passed;
  private final boolean queue;
  private final Map<Findings.Place, Long> valid = new HashMap<>();
  private long seen;
  private long keyless;
  private long since;
  private long physical;

  /// @param passed by partition of the curator's internal topics: records before it are done with
  Trace(
      String topic,
      String subject,
      ErasedSubjects asked,
      Readings readings,
      Map<TopicPartition, Long> passed) {
    this.topic = topic;
    this.subject = subject;
    this.asked = asked;
    this.readings = readings;
    this.passed = passed;
    this.queue = topic.endsWith("-repartition");
  }

  /// Takes a committed record.
  void committed(ConsumerRecord<String, byte[]> record) {
    byte @Nullable [] value = record.value();
    seen += value == null ? 0 : 1;
    Kind kind = value == null ? Kind.NOTHING : kind(value);
    since += kind == Kind.SINCE ? 1 : 0;
    TopicPartition partition = new TopicPartition(record.topic(), record.partition());
    @Nullable String key = record.key();
    if (queue || key == null) {
      boolean done = queue && record.offset() < passed.getOrDefault(partition, 0L);
      keyless += kind == Kind.OF_SUBJECT && !done ? 1 : 0;
      return;
    }
    Findings.Place place = new Findings.Place(partition, key);
    if (kind == Kind.OF_SUBJECT) {
      // An earlier one of the same key has been superseded by this.
      valid.put(place, record.offset());
    } else {
      valid.remove(place);
    }
  }

  /// Takes any record that lies in the log.
  void physical(ConsumerRecord<String, byte[]> record) {
    byte @Nullable [] value = record.value();
    physical += value != null && kind(value) == Kind.OF_SUBJECT ? 1 : 0;
  }

  ErasureAudit.TopicAccount account() {
    long found = valid.size() + keyless;
    return new ErasureAudit.TopicAccount(topic, seen, found, Math.max(0, physical - found), since);
  }

  private Kind kind(byte[] value) {
    return switch (readings.read(topic, value)) {
      case Readings.Reading.Known known when asked.cover(known.persons()) -> Kind.OF_SUBJECT;
      case Readings.Reading.Known known
          when known.persons().stream().anyMatch(each -> each.subject().equals(subject)) ->
          Kind.SINCE;
      case Readings.Reading.Known known -> mentioned(value);
      case Readings.Reading.Unreadable unreadable -> mentioned(value);
    };
  }

  private Kind mentioned(byte[] value) {
    return Readings.contains(ByteBuffer.wrap(value), subject) ? Kind.OF_SUBJECT : Kind.NOTHING;
  }
}
