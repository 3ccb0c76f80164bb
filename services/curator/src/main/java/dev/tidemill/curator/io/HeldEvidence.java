package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.Evidence;
import dev.tidemill.curator.guard.Guard;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/// Evidence that waits until its subject may give more or others have borne it out. Its keys begin
/// with the subject key.
final class HeldEvidence implements AutoCloseable {
  // Sorts behind what follows it in keys and in no subject's name as text sorts.
  private static final char SEPARATOR = '\n';

  // One more than after how many the last word is told.
  private static final long MOST_HOLDS = 4;

  private final KeyValueStore<String, Evidence> store;
  private final Guard guard;
  private final CuratorMetrics metrics;

  /// Keys of what waits and the where it was read, by subject.
  private final SortedMap<String, SortedMap<String, String>> waiting = new TreeMap<>();

  private int size;

  /// One piece.
  ///
  /// @param key under which it lies
  /// @param until when it has waited too long, in milliseconds
  record Entry(String key, long until, Evidence evidence) {}

  HeldEvidence(KeyValueStore<String, Evidence> store, Guard guard, CuratorMetrics metrics) {
    this.store = store;
    this.guard = guard;
    this.metrics = metrics;
    try (KeyValueIterator<String, Evidence> all = store.all()) {
      while (all.hasNext()) {
        KeyValue<String, Evidence> entry = all.next();
        add(entry.value.subjectKey(), entry.key, entry.value.raw().position());
      }
    }
  }

  /// Lets the evidence wait; false when as much waits as may.
  boolean hold(String subject, Evidence evidence, long now) {
    if (guard.hold().isZero() || size >= guard.maxHeld()) {
      return false;
    }
    long until = now + MOST_HOLDS * guard.hold().toMillis();
    String key =
        "%s%s%016x%s%s".formatted(subject, SEPARATOR, until, SEPARATOR, evidence.raw().position());
    store.put(key, evidence);
    add(subject, key, evidence.raw().position());
    return true;
  }

  /// Who has something waiting.
  List<String> subjects() {
    return List.copyOf(waiting.keySet());
  }

  /// Keys of what of a subject waits, the oldest first.
  List<String> keys(String subject) {
    return List.copyOf(waiting.getOrDefault(subject, Collections.emptySortedMap()).keySet());
  }

  /// Until when what lies under this key waits at most, in milliseconds.
  long until(String subject, String key) {
    int prefix = subject.length() + 1;
    return Long.parseLong(key.substring(prefix, prefix + 16), 16);
  }

  /// How much longer than it is held something may wait to be borne out, in milliseconds.
  long longer() {
    return (MOST_HOLDS - 1) * guard.hold().toMillis();
  }

  /// What of a subject waits under this key.
  Entry get(String subject, String key) {
    Evidence evidence = store.get(key);
    if (evidence == null) {
      throw new IllegalStateException("nothing waits under " + key);
    }
    return new Entry(key, until(subject, key), evidence);
  }

  /// What of a subject waits and was read there.
  Optional<Entry> from(String subject, String source) {
    return waiting.getOrDefault(subject, Collections.emptySortedMap()).entrySet().stream()
        .filter(entry -> entry.getValue().equals(source))
        .findFirst()
        .map(entry -> get(subject, entry.getKey()));
  }

  void remove(String subject, Entry entry) {
    store.delete(entry.key());
    SortedMap<String, String> left = waiting.getOrDefault(subject, new TreeMap<>());
    if (left.remove(entry.key()) != null) {
      size--;
      metrics.heldBy(-1);
    }
    if (left.isEmpty()) {
      waiting.remove(subject);
    }
  }

  /// Takes what this task holds out of the gauges.
  @Override
  public void close() {
    metrics.heldBy(-size);
  }

  private void add(String subject, String key, String source) {
    waiting.computeIfAbsent(subject, s -> new TreeMap<>()).put(key, source);
    size++;
    metrics.heldBy(1);
  }
}
