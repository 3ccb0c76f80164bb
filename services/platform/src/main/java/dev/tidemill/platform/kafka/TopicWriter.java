package dev.tidemill.platform.kafka;

import dev.tidemill.platform.faults.KafkaFaults;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.Topic;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/// Writes the records of one topic. The producer is lent: it may serve several writers, and a
/// transaction around them.
public final class TopicWriter<T extends SpecificRecord> {

  private final Producer<String, byte[]> producer;
  private final Topic<T> topic;
  private final AvroCodec<T> codec;

  public TopicWriter(Producer<String, byte[]> producer, Topic<T> topic, AvroCodec<T> codec) {
    this.producer = producer;
    this.topic = topic;
    this.codec = codec;
  }

  public Topic<T> topic() {
    return topic;
  }

  /// Sends a record. The future completes when the broker has acknowledged it, or fails with a
  /// [dev.tidemill.platform.faults.Fault]; it completes on the producer's thread, which must not be
  /// kept waiting.
  ///
  /// @throws dev.tidemill.platform.faults.RetriableFault when the schema registry is away
  public CompletableFuture<RecordMetadata> send(String key, T value) {
    return send(null, key, codec.encode(value));
  }

  /// The same, into the partition of another key: for topics whose keys are ids, while their
  /// partitions gather what belongs together.
  public CompletableFuture<RecordMetadata> sendBeside(String partitionKey, String key, T value) {
    return send(Partitions.of(partitionKey, topic.partitions()), key, codec.encode(value));
  }

  /// Deletes the key of a compacted topic.
  public CompletableFuture<RecordMetadata> delete(String key) {
    return send(null, key, (byte @Nullable []) null);
  }

  private CompletableFuture<RecordMetadata> send(
      @Nullable Integer partition, String key, byte @Nullable [] bytes) {
    CompletableFuture<RecordMetadata> acknowledged = new CompletableFuture<>();
    try {
      // The callback below hears of both ends.
      Future<RecordMetadata> _ =
          producer.send(
              new ProducerRecord<String, byte[]>(topic.name(), partition, key, bytes),
              (metadata, error) -> {
                if (error == null) {
                  acknowledged.complete(metadata);
                } else {
                  acknowledged.completeExceptionally(KafkaFaults.classify(error));
                }
              });
    } catch (KafkaException e) {
      acknowledged.completeExceptionally(KafkaFaults.classify(e));
    }
    return acknowledged;
  }
}
