package dev.tidemill.platform.kafka;

import dev.tidemill.platform.health.Health;
import dev.tidemill.schemas.Topic;
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
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

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

  private final TopicFollower<T> follower;
  private final List<Listener<T>> listeners = new CopyOnWriteArrayList<>();
  private volatile Map<String, T> image = Map.of();

  /// A table that does not follow yet: add listeners, then [#start()].
  public TopicTable(KafkaClients clients, Topic<T> topic, Health health, MeterRegistry metrics) {
    this.follower = new TopicFollower<>(clients, topic, health, metrics, this::apply);
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
  public TopicTable<T> start() {
    follower.start();
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
    return follower.caughtUp();
  }

  /// Waits until [#caughtUp()].
  ///
  /// @return false when `limit` has passed first
  public boolean awaitCaughtUp(Duration limit) throws InterruptedException {
    return follower.awaitCaughtUp(limit);
  }

  @Override
  public void close() {
    follower.close();
  }

  private void apply(List<TopicRecord<T>> records) {
    Map<String, T> next = new HashMap<>(image);
    Set<String> changed = new LinkedHashSet<>();
    for (TopicRecord<T> record : records) {
      @Nullable T value = record.value();
      if (value != null) {
        next.put(record.key(), value);
        changed.add(record.key());
      } else if (next.remove(record.key()) != null) {
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
}
