package dev.tidemill.curator.erasure;

import dev.tidemill.platform.faults.KafkaFaults;
import dev.tidemill.platform.faults.RetriableFault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;

/// Reads topics from their beginnings to the ends they have when it begins.
final class WholeTopics {
  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration STANDSTILL = Duration.ofMinutes(3);

  /// Is given each record, and told that time passes.
  interface Visitor {
    void visit(ConsumerRecord<String, byte[]> record);

    /// Called after each poll.
    default void pause() {}
  }

  private final Admin admin;
  private final Consumer<String, byte[]> consumer;

  /// @param consumer lent: it must be in no group
  WholeTopics(Admin admin, Consumer<String, byte[]> consumer) {
    this.admin = admin;
    this.consumer = consumer;
  }

  /// Shows the visitor every record of the topics, in the order of the offsets of each partition.
  ///
  /// The ends are those of the log, not of what is committed: a transaction that is open when this
  /// begins must not hide what another has committed behind its first record. A consumer that reads
  /// what is committed waits there for its end.
  ///
  /// @throws RetriableFault when nothing moves for minutes
  void visit(Collection<String> topics, Visitor visitor) {
    Map<TopicPartition, Long> ends = ends(topics);
    consumer.assign(ends.keySet());
    consumer.seekToBeginning(ends.keySet());
    List<TopicPartition> ahead = new ArrayList<>(ends.keySet());
    long moved = System.nanoTime();
    while (!ahead.isEmpty()) {
      for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
        if (record.offset()
            < ends.getOrDefault(new TopicPartition(record.topic(), record.partition()), 0L)) {
          visitor.visit(record);
        }
        moved = System.nanoTime();
      }
      List<TopicPartition> reached =
          ahead.stream()
              .filter(each -> consumer.position(each) >= ends.getOrDefault(each, 0L))
              .toList();
      if (!reached.isEmpty()) {
        ahead.removeAll(reached);
        consumer.pause(reached);
        moved = System.nanoTime();
      }
      if (System.nanoTime() - moved > STANDSTILL.toNanos()) {
        throw new RetriableFault("the ends of " + ahead + " are not reached");
      }
      visitor.pause();
    }
  }

  private Map<TopicPartition, Long> ends(Collection<String> topics) {
    try {
      Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
      for (TopicDescription topic : admin.describeTopics(topics).allTopicNames().get().values()) {
        topic
            .partitions()
            .forEach(
                each ->
                    latest.put(
                        new TopicPartition(topic.name(), each.partition()), OffsetSpec.latest()));
      }
      Map<TopicPartition, Long> ends = new HashMap<>();
      admin
          .listOffsets(latest, new ListOffsetsOptions(IsolationLevel.READ_UNCOMMITTED))
          .all()
          .get()
          .forEach((partition, end) -> ends.put(partition, end.offset()));
      return ends;
    } catch (ExecutionException e) {
      throw KafkaFaults.classify(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RetriableFault("the look for the ends of topics was interrupted", e);
    }
  }
}
