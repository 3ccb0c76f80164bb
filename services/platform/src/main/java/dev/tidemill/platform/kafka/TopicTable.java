package dev.tidemill.platform.kafka;

import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.lifecycle.ServiceLoop;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.MalformedRecordException;
import dev.tidemill.schemas.Topic;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
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

/// The newest value of each key of a compacted topic, kept up to date by a thread of its own.
///
/// Readers hold an immutable map behind one reference: what they hold never changes under them, and
/// a later [#image()] is newer. A tombstone removes its key. A value that cannot be decoded is
/// counted, logged and otherwise passed over; the key keeps its former value.
public final class TopicTable<T extends SpecificRecord> implements AutoCloseable {

  /// Is told of each change.
  @FunctionalInterface
  public interface Listener<T> {

    /// Called on the table's thread after the new image can be read; an exception ends the table's
    /// loop, and with it the service.
    ///
    /// @param image the image with the change in it
    /// @param keys the keys that were set or removed
    void changed(Map<String, T> image, Set<String> keys);
  }

  private static final Logger log = LoggerFactory.getLogger(TopicTable.class);
  private static final Duration POLL = Duration.ofMillis(500);

  private final KafkaClients clients;
  private final Topic<T> topic;
  private final Health health;
  private final AvroCodec<T> codec;
  private final Counter undecodable;
  private final List<Listener<T>> listeners = new CopyOnWriteArrayList<>();
  private final CountDownLatch caughtUp = new CountDownLatch(1);
  private volatile Map<String, T> image = Map.of();

  // Touched by the table's thread only, but for wake-ups and the final close.
  private volatile @Nullable Consumer<String, byte[]> consumer;
  private @Nullable Map<TopicPartition, Long> endsAtStart;
  private @Nullable ServiceLoop loop;

  /// A table that does not follow yet: add listeners, then [#start()].
  public TopicTable(KafkaClients clients, Topic<T> topic, Health health, MeterRegistry metrics) {
    this.clients = clients;
    this.topic = topic;
    this.health = health;
    this.codec = clients.codec(topic);
    this.undecodable =
        Counter.builder("tidemill.table.undecodable.records")
            .description("Records of a followed topic that could not be decoded")
            .tag("topic", topic.name())
            .tag("service", clients.owner())
            .register(metrics);
    Gauge.builder("tidemill.table.keys", this, t -> t.image.size())
        .description("Keys in the image of a followed topic")
        .tag("topic", topic.name())
        .tag("service", clients.owner())
        .register(metrics);
  }

  /// Adds a listener. One that is added before [#start()] sees every change.
  public TopicTable<T> listen(Listener<T> listener) {
    listeners.add(listener);
    return this;
  }

  /// Begins to follow the topic from its beginning.
  public synchronized TopicTable<T> start() {
    if (loop != null) {
      throw new IllegalStateException("table of " + topic.name() + " was started before");
    }
    loop =
        ServiceLoop.named("table-" + topic.name(), health)
            .wakeup(this::wakeup)
            .atEnd(this::closeConsumer)
            .start(this::step);
    return this;
  }

  /// The newest value of each key, immutable.
  public Map<String, T> image() {
    return image;
  }

  public Optional<T> get(String key) {
    return Optional.ofNullable(image.get(key));
  }

  /// Whether everything that was in the topic at the start has been read.
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
      List<TopicPartition> partitions = TopicReader.partitions(from, topic.name());
      from.assign(partitions);
      from.seekToBeginning(partitions);
      ends = from.endOffsets(partitions);
      endsAtStart = ends;
    }
    apply(from.poll(POLL));
    if (!caughtUp() && TopicReader.reached(from, ends)) {
      log.info("table of {} has caught up: {} keys", topic.name(), image.size());
      caughtUp.countDown();
    }
  }

  private void apply(ConsumerRecords<String, byte[]> records) {
    if (records.isEmpty()) {
      return;
    }
    Map<String, T> next = new HashMap<>(image);
    Set<String> changed = new LinkedHashSet<>();
    for (ConsumerRecord<String, byte[]> record : records) {
      if (apply(record, next)) {
        changed.add(record.key());
      }
    }
    if (changed.isEmpty()) {
      return;
    }
    Map<String, T> published = Map.copyOf(next);
    image = published;
    listeners.forEach(listener -> listener.changed(published, changed));
  }

  private boolean apply(ConsumerRecord<String, byte[]> record, Map<String, T> next) {
    byte @Nullable [] bytes = record.value();
    @Nullable String key = record.key();
    if (key == null) {
      undecodable.increment();
      log.warn("{}-{} offset {} has no key", record.topic(), record.partition(), record.offset());
      return false;
    }
    if (bytes == null) {
      return next.remove(key) != null;
    }
    try {
      next.put(key, codec.decode(bytes));
      return true;
    } catch (MalformedRecordException e) {
      undecodable.increment();
      log.warn(
          "{}-{} offset {} cannot be decoded: {}",
          record.topic(),
          record.partition(),
          record.offset(),
          e.getMessage());
      return false;
    }
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
