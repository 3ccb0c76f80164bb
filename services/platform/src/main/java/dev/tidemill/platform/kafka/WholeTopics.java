package dev.tidemill.platform.kafka;

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
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/// Reads topics from their beginnings to the ends they have when it begins, record by record.
/// [TopicReader] decodes what is read so.
public final class WholeTopics {
  private static final Duration POLL = Duration.ofMillis(200);

  /// Is given each record, and told that time passes.
  public interface Visitor {
    void visit(ConsumerRecord<String, byte[]> record);

    /// Called after each poll.
    default void pause() {}
  }

  private final Consumer<String, byte[]> consumer;
  private final Duration patience;

  /// @param consumer lent: a [KafkaClients#reader] or [KafkaClients#uncommittedReader]
  /// @param patience how long nothing may move before it is given up
  public WholeTopics(Consumer<String, byte[]> consumer, Duration patience) {
    this.consumer = consumer;
    this.patience = patience;
  }

  /// Shows the visitor every record of the topic up to what its consumer is given by now, in the
  /// order of the offsets of each partition.
  ///
  /// @throws RetriableFault when the topic does not exist, or nothing moves for too long
  public void visit(String topic, Visitor visitor) {
    visit(consumer.endOffsets(partitions(consumer, topic)), visitor);
  }

  /// Shows the visitor every record of the topics, in the order of the offsets of each partition.
  ///
  /// The ends are those of the log, not of what is committed: a transaction that is open when this
  /// begins must not hide what another has committed behind its first record. A consumer that reads
  /// what is committed waits there for its end.
  ///
  /// @throws RetriableFault when a topic does not exist, or nothing moves for too long
  public void visitLogs(Admin admin, Collection<String> topics, Visitor visitor) {
    visit(ends(admin, topics), visitor);
  }

  private void visit(Map<TopicPartition, Long> ends, Visitor visitor) {
    consumer.assign(ends.keySet());
    consumer.seekToBeginning(ends.keySet());
    List<TopicPartition> ahead = new ArrayList<>(ends.keySet());
    long moved = System.nanoTime();
    while (pauseReached(ahead, ends)) {
      for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
        if (record.offset()
            < ends.getOrDefault(new TopicPartition(record.topic(), record.partition()), 0L)) {
          visitor.visit(record);
        }
        moved = System.nanoTime();
      }
      if (System.nanoTime() - moved > patience.toNanos()) {
        throw new RetriableFault(
            "the ends of %s are not reached, and nothing has come for %d s"
                .formatted(ahead, patience.toSeconds()));
      }
      visitor.pause();
    }
  }

  /// Takes the partitions that are read to their ends from those ahead.
  ///
  /// @return whether some are left
  private boolean pauseReached(List<TopicPartition> ahead, Map<TopicPartition, Long> ends) {
    List<TopicPartition> reached =
        ahead.stream()
            .filter(each -> consumer.position(each) >= ends.getOrDefault(each, 0L))
            .toList();
    ahead.removeAll(reached);
    consumer.pause(reached);
    return !ahead.isEmpty();
  }

  private static Map<TopicPartition, Long> ends(Admin admin, Collection<String> topics) {
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

  static List<TopicPartition> partitions(Consumer<String, byte[]> consumer, String topic) {
    @Nullable List<PartitionInfo> infos = consumer.partitionsFor(topic);
    if (infos == null || infos.isEmpty()) {
      throw new RetriableFault("topic " + topic + " does not exist");
    }
    return infos.stream().map(p -> new TopicPartition(p.topic(), p.partition())).toList();
  }
}
