package dev.tidemill.curator.erasure;

import dev.tidemill.curator.io.CuratorTopology;
import dev.tidemill.platform.faults.RetriableFault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/// How far in `.erasures` each task of the curator has forgotten: read from the changelogs in which
/// the tasks say so.
final class Acknowledgements {
  private static final Duration POLL = Duration.ofMillis(100);

  private final Consumer<String, byte[]> consumer;
  private final List<TopicPartition> tasks = new ArrayList<>();
  // By task: the last offset acknowledged, by partition of the erasures.
  private final Map<TopicPartition, Map<Integer, Long>> offsets = new HashMap<>();

  /// @param consumer lent: it must be in no group
  /// @throws RetriableFault when the curator has not made its topics yet
  Acknowledgements(Consumer<String, byte[]> consumer, String applicationId) {
    this.consumer = consumer;
    for (String topic : CuratorTopology.acknowledgements(applicationId)) {
      @Nullable List<PartitionInfo> partitions = consumer.partitionsFor(topic);
      if (partitions == null || partitions.isEmpty()) {
        throw new RetriableFault("topic " + topic + " does not exist: the curator never ran");
      }
      partitions.forEach(each -> tasks.add(new TopicPartition(topic, each.partition())));
    }
    consumer.assign(tasks);
    consumer.seekToBeginning(tasks);
  }

  /// Reads on for a moment and says which tasks have not forgotten up to these offsets.
  List<TopicPartition> missing(Map<Integer, Long> upTo) {
    for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
      CuratorTopology.acknowledgedOffset(record.key(), record.value())
          .ifPresent(
              offset ->
                  offsets
                      .computeIfAbsent(
                          new TopicPartition(record.topic(), record.partition()),
                          task -> new HashMap<>())
                      .put(Integer.valueOf(record.key()), offset));
    }
    return tasks.stream().filter(task -> !reached(task, upTo)).toList();
  }

  private boolean reached(TopicPartition task, Map<Integer, Long> upTo) {
    Map<Integer, Long> done = offsets.getOrDefault(task, Map.of());
    return upTo.entrySet().stream()
        .allMatch(entry -> done.getOrDefault(entry.getKey(), -1L) >= entry.getValue());
  }
}
