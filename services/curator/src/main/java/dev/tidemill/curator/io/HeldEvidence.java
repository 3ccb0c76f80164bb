package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.Evidence;
import dev.tidemill.curator.guard.Guard;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/// Evidence that waits until its subject may give more. Its keys begin with the subject key.
final class HeldEvidence implements AutoCloseable {
  // Sorts behind what follows it in keys and in no subject's name as text sorts.
  private static final char SEPARATOR = '\n';

  private final KeyValueStore<String, Evidence> store;
  private final Guard guard;
  private final CuratorMetrics metrics;
  private final SortedMap<String, Integer> counts = new TreeMap<>();
  private int size;

  /// One piece.
  ///
  /// @param key under which it lies
  /// @param until when it has waited enough, in milliseconds
  record Entry(String key, long until, Evidence evidence) {}

  HeldEvidence(KeyValueStore<String, Evidence> store, Guard guard, CuratorMetrics metrics) {
    this.store = store;
    this.guard = guard;
    this.metrics = metrics;
    try (KeyValueIterator<String, Evidence> all = store.all()) {
      while (all.hasNext()) {
        count(all.next().value.subjectKey(), 1);
      }
    }
  }

  /// Lets the evidence wait; false when as much waits as may.
  boolean hold(String subject, Evidence evidence, long now) {
    if (guard.hold().isZero() || size >= guard.maxHeld()) {
      return false;
    }
    long until = now + guard.hold().toMillis();
    store.put(
        "%s%s%016x%s%s".formatted(subject, SEPARATOR, until, SEPARATOR, evidence.raw().position()),
        evidence);
    count(subject, 1);
    return true;
  }

  /// Who has something waiting.
  List<String> subjects() {
    return List.copyOf(counts.keySet());
  }

  /// What of a subject waits, the oldest first.
  List<Entry> of(String subject) {
    List<Entry> entries = new ArrayList<>();
    if (!counts.containsKey(subject)) {
      return entries;
    }
    int prefix = subject.length() + 1;
    try (KeyValueIterator<String, Evidence> all =
        store.range(subject + SEPARATOR, subject + (char) (SEPARATOR + 1))) {
      while (all.hasNext()) {
        KeyValue<String, Evidence> entry = all.next();
        long until = Long.parseLong(entry.key.substring(prefix, prefix + 16), 16);
        entries.add(new Entry(entry.key, until, entry.value));
      }
    }
    return entries;
  }

  void remove(String subject, Entry entry) {
    store.delete(entry.key());
    count(subject, -1);
  }

  /// Takes what this task holds out of the gauges.
  @Override
  public void close() {
    metrics.heldBy(-size);
  }

  private void count(String subject, int difference) {
    size += difference;
    metrics.heldBy(difference);
    if (counts.merge(subject, difference, Integer::sum) == 0) {
      counts.remove(subject);
    }
  }
}
