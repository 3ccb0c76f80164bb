package dev.tidemill.curator.io;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/// A bounded memory of what came before, over a state store: entries go when they are older than
/// the retention, or the oldest when there are too many. The order of age is kept on the heap only
/// and rebuilt from the store on start.
final class Remembered implements AutoCloseable {
  private final KeyValueStore<String, String> store;
  private final long retentionMillis;
  private final int most;
  private final LongConsumer grown;
  private final Deque<Entry> byAge = new ArrayDeque<>();

  private record Entry(long at, String key) {}

  /// @param grown told by how many entries the memory grew or shrank
  Remembered(
      KeyValueStore<String, String> store, long retentionMillis, int most, LongConsumer grown) {
    this.grown = grown;
    this.store = store;
    this.retentionMillis = retentionMillis;
    this.most = most;
    List<Entry> entries = new ArrayList<>();
    try (KeyValueIterator<String, String> all = store.all()) {
      while (all.hasNext()) {
        KeyValue<String, String> entry = all.next();
        entries.add(new Entry(at(entry.value), entry.key));
      }
    }
    entries.sort(Comparator.comparingLong(Entry::at));
    byAge.addAll(entries);
    grown.accept(entries.size());
  }

  /// What was remembered under the key; null when nothing is.
  @Nullable String get(String key) {
    @Nullable String stored = store.get(key);
    return stored == null ? null : stored.substring(stored.indexOf(' ') + 1);
  }

  /// Remembers a key that is not there yet.
  void put(String key, String value, long now) {
    store.put(key, now + " " + value);
    byAge.addLast(new Entry(now, key));
    grown.accept(1);
    while (byAge.size() > most) {
      forgetOldest();
    }
  }

  /// Forgets what is too old.
  void expire(long now) {
    while (!byAge.isEmpty() && byAge.getFirst().at() <= now - retentionMillis) {
      forgetOldest();
    }
  }

  /// Forgets the keys that the test is true of.
  void forget(Predicate<String> test) {
    List<String> keys = byAge.stream().map(Entry::key).filter(test).toList();
    byAge.removeIf(entry -> test.test(entry.key()));
    keys.forEach(store::delete);
    grown.accept(-keys.size());
  }

  /// Tells that nothing of it is held here any more; the store keeps it.
  @Override
  public void close() {
    grown.accept(-byAge.size());
    byAge.clear();
  }

  private void forgetOldest() {
    store.delete(byAge.removeFirst().key());
    grown.accept(-1);
  }

  private static long at(String stored) {
    return Long.parseLong(stored.substring(0, stored.indexOf(' ')));
  }
}
