package dev.tidemill.rollout.io;

import dev.tidemill.platform.faults.RetriableFault;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/// The consumer of all inputs. Releases, routes and replicas are read from their beginning; the
/// evidence from its end, and again from the start of a trial whenever one begins. So where it
/// reads follows from the topics alone; the offsets committed are for those who watch the lag.
final class InputReader implements AutoCloseable {
  /// Clocks of brokers and services may differ by this much.
  private static final Duration SLACK = Duration.ofSeconds(60);

  private static final Duration POSITIONS_EVERY = Duration.ofSeconds(2);

  private final Consumer<String, byte[]> consumer;
  private final List<TopicPartition> desired = new ArrayList<>();
  private final List<TopicPartition> evidence = new ArrayList<>();
  private final Map<TopicPartition, Long> desiredEnds;
  private Map<TopicPartition, Long> evidenceEnds = Map.of();
  private volatile boolean caughtUp;
  private boolean moved;
  private Instant positionsSent = Instant.EPOCH;

  InputReader(Consumer<String, byte[]> consumer) {
    this.consumer = consumer;
    try {
      for (Topic<?> topic : List.of(Topics.RELEASES, Topics.ROUTES, Topics.REPLICAS)) {
        desired.addAll(partitions(topic.name()));
      }
      for (Topic<?> topic : List.of(Topics.COMPLETIONS, Topics.FEEDBACK)) {
        evidence.addAll(partitions(topic.name()));
      }
      List<TopicPartition> all = new ArrayList<>(desired);
      all.addAll(evidence);
      consumer.assign(all);
      consumer.seekToBeginning(desired);
      consumer.endOffsets(evidence).forEach(consumer::seek);
      desiredEnds = consumer.endOffsets(desired);
    } catch (RuntimeException e) {
      consumer.close();
      throw e;
    }
  }

  ConsumerRecords<String, byte[]> poll(Duration limit) {
    ConsumerRecords<String, byte[]> records = consumer.poll(limit);
    moved |= !records.isEmpty();
    caughtUp = caughtUp || reached(desiredEnds);
    return records;
  }

  /// Whether the releases, routes and replicas that were there at the start have been read.
  boolean caughtUp() {
    return caughtUp;
  }

  /// Whether the evidence that was there at the last rewind has been read again: half of it would
  /// judge otherwise than all of it did.
  boolean evidenceCaughtUp() {
    if (!evidenceEnds.isEmpty() && reached(evidenceEnds)) {
      evidenceEnds = Map.of();
    }
    return evidenceEnds.isEmpty();
  }

  /// Goes back to the evidence of this time, where the reader is already past it.
  void rewindEvidence(Instant from) {
    Map<TopicPartition, Long> times = new HashMap<>();
    evidence.forEach(partition -> times.put(partition, from.minus(SLACK).toEpochMilli()));
    evidenceEnds = consumer.endOffsets(evidence);
    Map<TopicPartition, OffsetAndTimestamp> found = consumer.offsetsForTimes(times);
    for (TopicPartition partition : evidence) {
      @Nullable OffsetAndTimestamp at = found.get(partition);
      if (at != null && at.offset() < consumer.position(partition)) {
        consumer.seek(partition, at.offset());
      }
    }
  }

  boolean positionsDue(Instant now) {
    return moved && !now.isBefore(positionsSent.plus(POSITIONS_EVERY));
  }

  /// Adds the positions in the evidence to the producer's transaction.
  void sendPositions(Producer<String, byte[]> producer, Instant now) {
    Map<TopicPartition, OffsetAndMetadata> positions = new HashMap<>();
    for (TopicPartition partition : evidence) {
      positions.put(partition, new OffsetAndMetadata(consumer.position(partition)));
    }
    producer.sendOffsetsToTransaction(positions, consumer.groupMetadata());
    positionsSent = now;
    moved = false;
  }

  void wakeup() {
    consumer.wakeup();
  }

  @Override
  public void close() {
    consumer.close();
  }

  private boolean reached(Map<TopicPartition, Long> ends) {
    return ends.entrySet().stream().allMatch(e -> consumer.position(e.getKey()) >= e.getValue());
  }

  private List<TopicPartition> partitions(String topic) {
    var infos = consumer.partitionsFor(topic);
    if (infos == null || infos.isEmpty()) {
      throw new RetriableFault("topic " + topic + " does not exist");
    }
    return infos.stream().map(info -> new TopicPartition(topic, info.partition())).toList();
  }
}
