package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.ErasedSubjects;
import dev.tidemill.curator.domain.Person;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/// The part of one task in erasures. What erased subjects gave is refused as soon as this process
/// has read the erasure; what the task's state holds of them is swept out; and then the store of
/// acknowledgements says how far in `.erasures` the task is.
///
/// The store's changelog is how the eraser learns of it. It is written in the same transaction as
/// all that the task did before, so once a reader sees the acknowledgement, every record of the
/// subject that the task ever wrote can be seen too, and none will follow.
final class Erasing implements AutoCloseable {
  private static final Duration TICK = Duration.ofMillis(100);
  private static final int ENTRIES_A_TICK = 1_000;
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  // Erasures acknowledged before may have passed their topic's retention and cannot be waited for.
  private static final Duration LONG_AGO = Duration.ofHours(1);

  /// Among the acknowledged offsets: when they were, in milliseconds.
  static final String AT = "at";

  private final Erasures erasures;
  private final List<Sweep> sweeps;
  private final List<Runnable> rolls;
  private final KeyValueStore<String, Long> acknowledged;
  private final long rollAfter;
  private final Deque<Sweep> ahead = new ArrayDeque<>();
  private Map<Integer, Long> done;
  private Map<Integer, Long> sweeping = Map.of();
  private @Nullable Long rollAt;

  /// @param sweeps take erased subjects out of the task's state
  /// @param rolls each writes a change that changes nothing to the changelog of a store that they
  ///   go through
  Erasing(Stage stage, Desk desk, String store, List<Sweep> sweeps, List<Runnable> rolls) {
    this.erasures = stage.erasures();
    this.sweeps = List.copyOf(sweeps);
    this.rolls = List.copyOf(rolls);
    this.acknowledged = desk.store(store);
    this.rollAfter = stage.config().erasure().rollAfter().toMillis();
    this.done = acknowledged();
    awaitRead(desk.now());
    if (!done.isEmpty()) {
      rollAt = desk.now() + rollAfter;
    }
    desk.every(TICK, this::tick);
  }

  /// Writes the removal of what is not there to the store's changelog.
  static Runnable roll(KeyValueStore<String, ?> store) {
    return () -> store.delete("no key of a record");
  }

  ErasedSubjects subjects() {
    return erasures.subjects();
  }

  /// Whether somebody behind a record asked to be forgotten after giving it.
  boolean cover(List<Person> persons) {
    return subjects().cover(persons);
  }

  @Override
  public void close() {
    sweeps.forEach(Sweep::close);
  }

  private void tick(long now) {
    if (sweeping.isEmpty()) {
      Map<Integer, Long> read = erasures.read();
      if (!read.equals(done)) {
        sweeping = read;
        ahead.addAll(sweeps);
      }
    }
    if (!sweeping.isEmpty()) {
      sweep(now);
    }
    roll(now);
  }

  private void sweep(long now) {
    while (!ahead.isEmpty() && ahead.element().some(ENTRIES_A_TICK)) {
      ahead.remove();
    }
    if (ahead.isEmpty()) {
      sweeping.forEach((partition, offset) -> acknowledged.put(partition.toString(), offset));
      acknowledged.put(AT, now);
      done = sweeping;
      sweeping = Map.of();
      rollAt = now + rollAfter;
    }
  }

  // The open segment of a changelog is never compacted. A change after the segment's time closes
  // it, should nothing else change until then.
  private void roll(long now) {
    @Nullable Long at = rollAt;
    if (at != null && at <= now) {
      rolls.forEach(Runnable::run);
      rollAt = null;
    }
  }

  // A task may come from a process that had read more: it must not forget what it acknowledged.
  private void awaitRead(long now) {
    @Nullable Long at = acknowledged.get(AT);
    if (at == null || at + LONG_AGO.toMillis() < now) {
      return;
    }
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    CountDownLatch never = new CountDownLatch(1);
    try {
      while (!reached()) {
        if (System.nanoTime() > deadline || never.await(20, TimeUnit.MILLISECONDS)) {
          throw new TimeoutException(
              "the erasures up to %s were not read within %s".formatted(done, PATIENCE));
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptException(e);
    }
  }

  private boolean reached() {
    Map<Integer, Long> read = erasures.read();
    return done.entrySet().stream()
        .allMatch(entry -> read.getOrDefault(entry.getKey(), -1L) >= entry.getValue());
  }

  private Map<Integer, Long> acknowledged() {
    Map<Integer, Long> offsets = new HashMap<>();
    try (KeyValueIterator<String, Long> all = acknowledged.all()) {
      while (all.hasNext()) {
        KeyValue<String, Long> entry = all.next();
        if (!entry.key.equals(AT)) {
          offsets.put(Integer.valueOf(entry.key), entry.value);
        }
      }
    }
    return offsets;
  }
}
