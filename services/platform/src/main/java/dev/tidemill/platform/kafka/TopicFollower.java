package dev.tidemill.platform.kafka;

import dev.tidemill.platform.faults.RetriableFault;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.lifecycle.ServiceLoop;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.MalformedRecordException;
import dev.tidemill.schemas.Topic;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads a topic from its beginning and then goes along with it, on a thread of its own, outside of
/// any consumer group. A value that cannot be decoded, or has no key, is counted, logged and
/// otherwise passed over. [TopicTable] keeps the newest value of each key of what is read so.
public final class TopicFollower<T extends SpecificRecord> implements AutoCloseable {

  /// Takes what was read.
  @FunctionalInterface
  public interface Sink<T> {

    /// Called on the follower's thread with the records of one poll, in order within each
    /// partition; an exception ends the loop, and with it the service.
    void take(List<TopicRecord<T>> records);
  }

  private static final Logger log = LoggerFactory.getLogger(TopicFollower.class);
  private static final Duration POLL = Duration.ofMillis(500);

  private final KafkaClients clients;
  private final Topic<T> topic;
  private final Health health;
  private final AvroCodec<T> codec;
  private final Counter undecodable;
  private final Sink<T> sink;
  private final CountDownLatch caughtUp = new CountDownLatch(1);

  // Touched by the follower's thread only, but for wake-ups and the final close.
  private volatile @Nullable Consumer<String, byte[]> consumer;
  private @Nullable Map<TopicPartition, Long> endsAtStart;
  private @Nullable ServiceLoop loop;

  /// A follower that does not read yet: [#start()] it.
  public TopicFollower(
      KafkaClients clients, Topic<T> topic, Health health, MeterRegistry metrics, Sink<T> sink) {
    this.clients = clients;
    this.topic = topic;
    this.health = health;
    this.codec = clients.codec(topic);
    this.sink = sink;
    this.undecodable =
        Counter.builder("tidemill.table.undecodable.records")
            .description("Records of a followed topic that could not be decoded")
            .tag("topic", topic.name())
            .tag("service", clients.owner())
            .register(metrics);
  }

  /// Begins to read.
  public synchronized TopicFollower<T> start() {
    if (loop != null) {
      throw new IllegalStateException("follower of " + topic.name() + " was started before");
    }
    loop =
        ServiceLoop.named("table-" + topic.name(), health)
            .wakeup(this::wakeup)
            .atEnd(this::closeConsumer)
            .start(this::step);
    return this;
  }

  /// Whether everything that was in the topic at the start has been read and taken.
  public boolean caughtUp() {
    return caughtUp.getCount() == 0;
  }

  /// Waits until [#caughtUp()].
  ///
  /// @return false when `limit` has passed first
  public boolean awaitCaughtUp(Duration limit) throws InterruptedException {
    return caughtUp.await(limit.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public synchronized void close() {
    if (loop != null) {
      loop.close();
    }
  }

  private void step() {
    @Nullable Consumer<String, byte[]> from = consumer;
    if (from == null) {
      from = clients.consumer("table-" + topic.name(), null);
      consumer = from;
    }
    @Nullable Map<TopicPartition, Long> ends = endsAtStart;
    if (ends == null) {
      List<TopicPartition> partitions = WholeTopics.partitions(from, topic.name());
      from.assign(partitions);
      from.seekToBeginning(partitions);
      ends = from.endOffsets(partitions);
      endsAtStart = ends;
    }
    ConsumerRecords<String, byte[]> polled = from.poll(POLL);
    List<TopicRecord<T>> records = new ArrayList<>();
    try {
      for (ConsumerRecord<String, byte[]> record : polled) {
        decode(record, records);
      }
    } catch (RetriableFault e) {
      // Read again: what cannot be decoded at the moment must not be passed over.
      for (TopicPartition partition : polled.partitions()) {
        from.seek(partition, polled.records(partition).getFirst().offset());
      }
      throw e;
    }
    if (!records.isEmpty()) {
      sink.take(records);
    }
    if (!caughtUp() && reached(from, ends)) {
      log.info("{} has been read to its end", topic.name());
      caughtUp.countDown();
    }
  }

  private void decode(ConsumerRecord<String, byte[]> record, List<TopicRecord<T>> into) {
    byte @Nullable [] bytes = record.value();
    @Nullable String key = record.key();
    if (key == null) {
      undecodable.increment();
      log.warn("{}-{} offset {} has no key", record.topic(), record.partition(), record.offset());
      return;
    }
    try {
      into.add(
          new TopicRecord<>(
              record.topic(),
              record.partition(),
              record.offset(),
              Instant.ofEpochMilli(record.timestamp()),
              key,
              bytes == null ? null : codec.decode(bytes)));
    } catch (MalformedRecordException e) {
      undecodable.increment();
      log.warn(
          "{}-{} offset {} cannot be decoded: {}",
          record.topic(),
          record.partition(),
          record.offset(),
          e.getMessage());
    }
  }

  private static boolean reached(
      Consumer<String, byte[]> consumer, Map<TopicPartition, Long> ends) {
    return ends.entrySet().stream().allMatch(e -> consumer.position(e.getKey()) >= e.getValue());
  }

  private void wakeup() {
    @Nullable Consumer<String, byte[]> from = consumer;
    if (from != null) {
      from.wakeup();
    }
  }

  private void closeConsumer() {
    @Nullable Consumer<String, byte[]> from = consumer;
    if (from != null) {
      from.close();
    }
  }
}
