package dev.tidemill.curator.io;

import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/// A store that needs no task of Kafka Streams around it. Values lie there as bytes, so that it
/// costs what a store of the topology costs.
final class HeapStore<V> implements KeyValueStore<String, V> {
  private final String name;
  private final Serde<V> values;
  // What is put or deleted on the way does not disturb a passage.
  private final NavigableMap<String, byte[]> entries = new ConcurrentSkipListMap<>();

  HeapStore(String name, Serde<V> values) {
    this.name = name;
    this.values = values;
  }

  /// Bytes of all keys and values.
  long bytes() {
    return entries.entrySet().stream()
        .mapToLong(e -> e.getKey().length() + e.getValue().length)
        .sum();
  }

  @Override
  public void put(String key, @Nullable V value) {
    if (value == null) {
      entries.remove(key);
    } else {
      entries.put(key, values.serializer().serialize(name, value));
    }
  }

  @Override
  public @Nullable V putIfAbsent(String key, @Nullable V value) {
    @Nullable V before = get(key);
    if (before == null) {
      put(key, value);
    }
    return before;
  }

  @Override
  public void putAll(List<KeyValue<String, V>> all) {
    all.forEach(entry -> put(entry.key, entry.value));
  }

  @Override
  public @Nullable V delete(String key) {
    @Nullable V before = get(key);
    entries.remove(key);
    return before;
  }

  @Override
  public @Nullable V get(String key) {
    byte @Nullable [] bytes = entries.get(key);
    return bytes == null ? null : values.deserializer().deserialize(name, bytes);
  }

  @Override
  public KeyValueIterator<String, V> range(String from, String to) {
    return new Entries(entries.subMap(from, true, to, true));
  }

  @Override
  public KeyValueIterator<String, V> all() {
    return new Entries(entries);
  }

  @Override
  public long approximateNumEntries() {
    return entries.size();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void init(StateStoreContext context, StateStore root) {
    throw new UnsupportedOperationException("this store belongs to no task of Kafka Streams");
  }

  @Override
  public void close() {
    entries.clear();
  }

  @Override
  public boolean persistent() {
    return false;
  }

  @Override
  public boolean isOpen() {
    return true;
  }

  private final class Entries implements KeyValueIterator<String, V> {
    private final Iterator<Map.Entry<String, byte[]>> left;

    Entries(NavigableMap<String, byte[]> some) {
      left = some.entrySet().iterator();
    }

    @Override
    public boolean hasNext() {
      return left.hasNext();
    }

    @Override
    public KeyValue<String, V> next() {
      Map.Entry<String, byte[]> entry = left.next();
      return KeyValue.pair(
          entry.getKey(), values.deserializer().deserialize(name, entry.getValue()));
    }

    @Override
    public String peekNextKey() {
      throw new UnsupportedOperationException("nobody looks ahead in " + name);
    }

    @Override
    public void close() {
      // Nothing is open.
    }
  }
}
