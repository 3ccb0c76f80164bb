package dev.tidemill.platform.window;

import dev.tidemill.events.Candidate;
import dev.tidemill.platform.faults.FatalFault;
import dev.tidemill.platform.faults.KafkaFaults;
import dev.tidemill.platform.faults.RetriableFault;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicWriter;
import dev.tidemill.schemas.Topics;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;

/// Publishes candidates, each in one transaction with the offsets of its window.
final class WindowPublication implements AutoCloseable {

  /// In whichever generation: only the line is looked at.
  private final Lineage<?> lineage;
  private final Producer<String, byte[]> producer;
  private final TopicWriter<Candidate> candidates;

  /// Fences every earlier trainer of the lineage and ends what it had open.
  WindowPublication(KafkaClients clients, Lineage<?> lineage) {
    this.lineage = lineage;
    this.producer = clients.transactionalProducer(lineage.transactionalId());
    this.candidates = clients.writer(producer, Topics.CANDIDATES);
    try {
      producer.initTransactions();
    } catch (KafkaException e) {
      producer.close();
      throw KafkaFaults.classify(e);
    }
  }

  /// Returns when candidate and offsets are committed.
  ///
  /// @param group the lineage's, as its consumer names it
  /// @throws FatalFault when another trainer of the lineage has taken over
  void publish(Checkpoint checkpoint, ConsumerGroupMetadata group, CrashPoints crash) {
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    checkpoint.to().forEach((p, offset) -> offsets.put(p, new OffsetAndMetadata(offset)));
    try {
      producer.beginTransaction();
      // Its failure fails the commit.
      var _ = candidates.send(checkpoint.candidate().getLineage(), checkpoint.candidate());
      producer.sendOffsetsToTransaction(offsets, group);
      producer.flush();
      crash.reached(CrashPoints.Phase.TRANSACTION_OPEN);
      producer.commitTransaction();
    } catch (ProducerFencedException | InvalidProducerEpochException e) {
      throw new FatalFault(
          "another trainer of %s has taken over (transactional id %s): window %d is not published by this one"
              .formatted(lineage.line(), lineage.transactionalId(), checkpoint.sequence()),
          e);
    } catch (KafkaException e) {
      // Whether it was committed is not known here: the next start finds out.
      throw new RetriableFault(
          "window %d of %s may not be published: %s"
              .formatted(
                  checkpoint.sequence(), checkpoint.candidate().getLineage(), e.getMessage()),
          e);
    }
  }

  @Override
  public void close() {
    producer.close(Duration.ZERO);
  }
}
