package dev.tidemill.curator.io;

import java.io.File;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.streams.StreamsMetrics;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.Punctuator;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/// What the work of one task needs, without Kafka Streams: stores, a clock that is moved by hand
/// and a box for what it sends on.
final class HeapTask implements ProcessorContext<String, Output> {
  private final TaskId id;
  private final Map<String, HeapStore<?>> stores = new HashMap<>();
  private final List<Tick> ticks = new ArrayList<>();
  private final Deque<Record<String, Output>> sent = new ArrayDeque<>();
  private long now;
  private long streamTime;

  HeapTask(int stage, int partition, long now) {
    this.id = new TaskId(stage, partition);
    this.now = now;
  }

  <V> HeapTask with(String store, Serde<V> values) {
    stores.put(store, new HeapStore<>(store, values));
    return this;
  }

  /// Moves the clock; what is due then is done once.
  void pass(long until) {
    now = until;
    for (Tick tick : List.copyOf(ticks)) {
      tick.at(until);
    }
  }

  /// A record of this time is read.
  void read(long timestamp) {
    streamTime = Math.max(streamTime, timestamp);
  }

  /// What was sent on and not yet taken.
  Deque<Record<String, Output>> sent() {
    return sent;
  }

  /// Bytes and entries of a store.
  HeapStore<?> store(String name) {
    HeapStore<?> store = stores.get(name);
    if (store == null) {
      throw new IllegalArgumentException("no store is named " + name);
    }
    return store;
  }

  @Override
  public <K extends String, V extends Output> void forward(Record<K, V> record) {
    sent.addLast(new Record<>(record.key(), record.value(), record.timestamp(), record.headers()));
  }

  @Override
  public <K extends String, V extends Output> void forward(Record<K, V> record, String child) {
    throw unsupported("children");
  }

  @Override
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // the interface's own way
  public <S extends StateStore> S getStateStore(String name) {
    return (S) store(name);
  }

  @Override
  public Cancellable schedule(Duration interval, PunctuationType type, Punctuator punctuator) {
    Tick tick = new Tick(interval.toMillis(), punctuator, now + interval.toMillis());
    ticks.add(tick);
    return () -> ticks.remove(tick);
  }

  @Override
  public Cancellable schedule(
      Instant start, Duration interval, PunctuationType type, Punctuator punctuator) {
    throw unsupported("a start of the clock");
  }

  @Override
  public long currentSystemTimeMs() {
    return now;
  }

  @Override
  public long currentStreamTimeMs() {
    return streamTime;
  }

  @Override
  public TaskId taskId() {
    return id;
  }

  @Override
  public Optional<RecordMetadata> recordMetadata() {
    return Optional.empty();
  }

  @Override
  public void commit() {
    throw unsupported("commits");
  }

  @Override
  public String applicationId() {
    throw unsupported("an application id");
  }

  @Override
  public Serde<?> keySerde() {
    throw unsupported("serdes");
  }

  @Override
  public Serde<?> valueSerde() {
    throw unsupported("serdes");
  }

  @Override
  public File stateDir() {
    throw unsupported("a directory");
  }

  @Override
  public StreamsMetrics metrics() {
    throw unsupported("metrics of Kafka Streams");
  }

  @Override
  public Map<String, Object> appConfigs() {
    throw unsupported("a configuration of Kafka Streams");
  }

  @Override
  public Map<String, Object> appConfigsWithPrefix(String prefix) {
    throw unsupported("a configuration of Kafka Streams");
  }

  private static UnsupportedOperationException unsupported(String what) {
    return new UnsupportedOperationException("a task on the heap has no use for " + what);
  }

  private static final class Tick {
    private final long interval;
    private final Punctuator punctuator;
    private long due;

    Tick(long interval, Punctuator punctuator, long due) {
      this.interval = interval;
      this.punctuator = punctuator;
      this.due = due;
    }

    void at(long now) {
      if (due <= now) {
        due = now + interval;
        punctuator.punctuate(now);
      }
    }
  }
}
