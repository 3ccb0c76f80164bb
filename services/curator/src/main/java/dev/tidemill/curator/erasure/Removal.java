package dev.tidemill.curator.erasure;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemill.curator.io.Desk;
import dev.tidemill.events.AppliedErasure;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicWriter;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.Topics;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/// Writes what an erasure leaves behind, each time in one transaction.
final class Removal implements AutoCloseable {
  // The key of records that are there to close a segment. No record of a producer should have it.
  private static final String ROLL = "tidemill-erasure";

  private final Producer<String, byte[]> producer;
  private final TopicWriter<AppliedErasure> statements;

  /// @param id transactional id: whoever takes it after us fences us
  Removal(KafkaClients kafka, String id) {
    this.producer = kafka.transactionalProducer(id);
    this.statements = kafka.writer(producer, Topics.APPLIED_ERASURES);
    try {
      producer.initTransactions();
    } catch (RuntimeException e) {
      producer.close(Duration.ZERO);
      throw e;
    }
  }

  /// Removes what was found and states what the erasures did.
  void write(
      Findings findings,
      List<AppliedErasure> applied,
      Map<TopicPartition, OffsetAndMetadata> next,
      ConsumerGroupMetadata group) {
    producer.beginTransaction();
    for (Findings.Place place : findings.places()) {
      tombstone(place.partition(), place.key());
    }
    for (AppliedErasure statement : applied) {
      // A failed send makes the commit fail, so the future needs no look.
      var _ = statements.send(statement.getSubject(), statement);
    }
    producer.sendOffsetsToTransaction(next, group);
    producer.commitTransaction();
  }

  /// Passes records that asked for nothing.
  void pass(Map<TopicPartition, OffsetAndMetadata> next, ConsumerGroupMetadata group) {
    producer.beginTransaction();
    producer.sendOffsetsToTransaction(next, group);
    producer.commitTransaction();
  }

  /// Writes a record that says nothing to every partition of the topics.
  void roll() {
    producer.beginTransaction();
    for (Topic<?> topic : Readings.topics()) {
      for (int partition = 0; partition < topic.partitions(); partition++) {
        tombstone(new TopicPartition(topic.name(), partition), ROLL);
      }
    }
    producer.commitTransaction();
  }

  @Override
  public void close() {
    producer.close(Duration.ofSeconds(5));
  }

  private void tombstone(TopicPartition partition, String key) {
    ProducerRecord<String, byte[]> tombstone =
        new ProducerRecord<String, byte[]>(partition.topic(), partition.partition(), key, null);
    tombstone.headers().add(Desk.ERASURE_HEADER, ROLL.getBytes(UTF_8));
    var _ = producer.send(tombstone);
  }
}
