package dev.tidemill.platform.window;

import dev.tidemill.platform.faults.FatalFault;
import dev.tidemill.platform.faults.RetriableFault;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.provenance.ErasedPositions;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.MalformedRecordException;
import dev.tidemill.schemas.UnknownSchemaException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads the partitions of a lineage from exact offsets. It is in no group's membership and
/// refuses to go on when the topic has lost records that it should have read.
final class WindowSource<T extends SpecificRecord> implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(WindowSource.class);

  private final Lineage<T> lineage;
  private final AvroCodec<T> codec;
  private final Consumer<String, byte[]> consumer;
  private final List<TopicPartition> partitions;
  private final Map<TopicPartition, Long> expected = new HashMap<>();

  WindowSource(KafkaClients clients, Lineage<T> lineage) {
    this.lineage = lineage;
    this.codec = clients.codec(lineage.topic());
    this.consumer = clients.consumer("window-" + lineage.name(), lineage.group());
    try {
      @Nullable List<PartitionInfo> infos = consumer.partitionsFor(lineage.topic().name());
      if (infos == null || infos.isEmpty()) {
        throw new RetriableFault("topic " + lineage.topic().name() + " does not exist");
      }
      this.partitions = lineage.partitions(infos.size());
      consumer.assign(partitions);
    } catch (RuntimeException e) {
      consumer.close();
      throw e;
    }
  }

  /// The lineage's group, as a transaction wants it named.
  ConsumerGroupMetadata group() {
    return consumer.groupMetadata();
  }

  /// What the lineage's group has committed, without the partitions where it has nothing.
  Map<TopicPartition, Long> committed() {
    Map<TopicPartition, Long> offsets = new HashMap<>();
    consumer
        .committed(Set.copyOf(partitions))
        .forEach(
            (TopicPartition partition, @Nullable OffsetAndMetadata offset) -> {
              if (offset != null) {
                offsets.put(partition, offset.offset());
              }
            });
    return offsets;
  }

  /// Where a lineage that has not begun begins: at the first record of each partition.
  Map<TopicPartition, Long> beginning() {
    return consumer.beginningOffsets(partitions);
  }

  /// Goes to the offsets; partitions that are not among them start at their first record.
  ///
  /// @return where each partition was put
  /// @throws FatalFault when a partition no longer has the offset
  Map<TopicPartition, Long> seek(Map<TopicPartition, Long> offsets) {
    Set<TopicPartition> gone = new HashSet<>(offsets.keySet());
    partitions.forEach(gone::remove);
    if (!gone.isEmpty()) {
      throw new FatalFault(
          "%s was reading %s, but topic %s now puts its records into %s"
              .formatted(lineage.name(), gone, lineage.topic().name(), partitions));
    }
    Map<TopicPartition, Long> first = consumer.beginningOffsets(partitions);
    Map<TopicPartition, Long> end = consumer.endOffsets(partitions);
    for (TopicPartition partition : partitions) {
      long begins = first.getOrDefault(partition, 0L);
      long at = offsets.getOrDefault(partition, begins);
      long ends = end.getOrDefault(partition, 0L);
      if (at < begins) {
        throw lost(partition, at, begins);
      }
      if (at > ends) {
        throw new FatalFault(
            "%s is to go on at offset %d of %s, which ends at %d: the topic was made anew or cut"
                .formatted(lineage.name(), at, partition, ends));
      }
      consumer.seek(partition, at);
      expected.put(partition, at);
    }
    return Map.copyOf(expected);
  }

  /// Reads on and offers what it read to the collector.
  ///
  /// @param erased records at these places count as gone, whether compaction has removed them yet
  ///     or not
  void poll(WindowCollector<T> collector, ErasedPositions erased, Duration patience) {
    for (ConsumerRecord<String, byte[]> record : consumer.poll(patience)) {
      TopicPartition partition = new TopicPartition(record.topic(), record.partition());
      long next = expected.getOrDefault(partition, 0L);
      if (record.offset() != next) {
        checkGap(partition, next, record.offset());
      }
      expected.put(partition, record.offset() + 1);
      collector.offer(
          partition,
          record.offset(),
          erased.holds(partition, record.offset()) ? null : decode(record));
    }
  }

  /// Waits for a moment without reading; a wake-up ends it.
  void rest(Duration patience) {
    consumer.pause(partitions);
    try {
      consumer.poll(patience);
    } finally {
      consumer.resume(partitions);
    }
  }

  /// Records that are in the topic and were not read.
  long lag() {
    long lag = 0;
    for (TopicPartition partition : partitions) {
      // The end that a read-committed consumer knows of may be older than its position.
      OptionalLong behind = consumer.currentLag(partition);
      lag += Math.max(0, behind.orElse(0));
    }
    return lag;
  }

  void wakeup() {
    consumer.wakeup();
  }

  @Override
  public void close() {
    consumer.close();
  }

  // Transactions leave gaps of their own: only what begins behind us was lost.
  private void checkGap(TopicPartition partition, long next, long read) {
    long begins = consumer.beginningOffsets(List.of(partition)).getOrDefault(partition, 0L);
    if (read < next || begins > next) {
      throw lost(partition, next, Math.max(begins, read));
    }
  }

  private FatalFault lost(TopicPartition partition, long from, long to) {
    return new FatalFault(
        "%s is to go on at offset %d of %s, which begins at %d: retention removed records that were not trained"
            .formatted(lineage.name(), from, partition, to));
  }

  private @Nullable T decode(ConsumerRecord<String, byte[]> record) {
    byte @Nullable [] bytes = record.value();
    if (bytes == null) {
      return null;
    }
    try {
      return codec.decode(bytes);
    } catch (UnknownSchemaException e) {
      // Not rubbish but a newer writer's: passed over, it would never train.
      throw new RetriableFault(
          "%s-%d offset %d waits for an update of this service: %s"
              .formatted(record.topic(), record.partition(), record.offset(), e.getMessage()),
          e);
    } catch (MalformedRecordException e) {
      log.warn(
          "{}-{} offset {} is passed over: {}",
          record.topic(),
          record.partition(),
          record.offset(),
          e.getMessage());
      return null;
    }
  }
}
