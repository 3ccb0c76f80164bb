package dev.tidemill.platform.kafka;

import dev.tidemill.platform.faults.RejectedFault;
import dev.tidemill.platform.faults.RetriableFault;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.MalformedRecordException;
import dev.tidemill.schemas.Topic;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/// Reads whole topics, as far as they are committed: for audits, summaries and tests.
public final class TopicReader {

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final KafkaClients clients;

  public TopicReader(KafkaClients clients) {
    this.clients = clients;
  }

  /// Every committed record from the earliest to the ends that the partitions have now, in offset
  /// order within each partition.
  ///
  /// @throws RejectedFault when a value cannot be decoded, naming its place
  /// @throws RetriableFault when the topic does not exist or the ends are not reached in time
  public <T extends SpecificRecord> List<TopicRecord<T>> readAll(Topic<T> topic) {
    return readAll(
        topic,
        undecodable -> {
          throw undecodable;
        });
  }

  /// The same, without the records whose value cannot be decoded.
  ///
  /// @param undecodable is told of each of those, with its place
  public <T extends SpecificRecord> List<TopicRecord<T>> readAll(
      Topic<T> topic, java.util.function.Consumer<RejectedFault> undecodable) {
    List<TopicRecord<T>> records = new ArrayList<>();
    readEach(topic, records::add, undecodable);
    return records;
  }

  /// The same, one by one: for topics that do not fit into memory.
  ///
  /// @throws RetriableFault when the topic does not exist or nothing comes for too long
  public <T extends SpecificRecord> void readEach(
      Topic<T> topic,
      java.util.function.Consumer<TopicRecord<T>> each,
      java.util.function.Consumer<RejectedFault> undecodable) {
    AvroCodec<T> codec = clients.codec(topic);
    try (Consumer<String, byte[]> consumer = clients.reader("read-all-" + topic.name())) {
      new WholeTopics(consumer, PATIENCE)
          .visit(
              topic.name(),
              record -> {
                try {
                  each.accept(decode(codec, record));
                } catch (RejectedFault e) {
                  undecodable.accept(e);
                }
              });
    }
  }

  private static <T extends SpecificRecord> TopicRecord<T> decode(
      AvroCodec<T> codec, ConsumerRecord<String, byte[]> record) {
    byte @Nullable [] bytes = record.value();
    try {
      return new TopicRecord<>(
          record.topic(),
          record.partition(),
          record.offset(),
          Instant.ofEpochMilli(record.timestamp()),
          record.key(),
          bytes == null ? null : codec.decode(bytes));
    } catch (MalformedRecordException e) {
      throw new RejectedFault(
          "%s-%d offset %d cannot be decoded: %s"
              .formatted(record.topic(), record.partition(), record.offset(), e.getMessage()),
          e);
    }
  }
}
