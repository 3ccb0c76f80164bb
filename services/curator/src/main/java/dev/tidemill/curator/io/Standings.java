package dev.tidemill.curator.io;

import dev.tidemill.curator.guard.Guard;
import dev.tidemill.curator.guard.Population;
import dev.tidemill.curator.guard.Standing;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/// The standings of the subjects of one partition, by subject key, and what they come to together
/// with those of other partitions.
final class Standings implements AutoCloseable {
  private final KeyValueStore<String, Standing> store;
  private final Guard guard;
  private final CuratorMetrics metrics;
  private final Neighbours neighbours;
  private final String partition;
  private final Population population = new Population();
  private long heard = -1;
  private long told = -1;

  Standings(
      KeyValueStore<String, Standing> store,
      Guard guard,
      CuratorMetrics metrics,
      Neighbours neighbours,
      int partition) {
    this.store = store;
    this.neighbours = neighbours;
    this.partition = Integer.toString(partition);
    this.guard = guard;
    this.metrics = metrics;
    try (KeyValueIterator<String, Standing> all = store.all()) {
      while (all.hasNext()) {
        Standing standing = all.next().value;
        population.changed(Standing.none(standing.epoch()), standing);
        metrics.subjectsBy(standing.band(guard), 1);
      }
    }
  }

  /// The standing of a subject at this time.
  Standing get(String subject, long now) {
    long epoch = guard.epoch(now);
    population.turn(epoch);
    @Nullable Standing known = store.get(subject);
    return known == null ? Standing.none(epoch) : known.at(epoch);
  }

  void put(String subject, Standing after) {
    @Nullable Standing before = store.get(subject);
    population.changed(before == null ? Standing.none(after.epoch()) : before, after);
    if (before != null) {
      metrics.subjectsBy(before.band(guard), -1);
    }
    metrics.subjectsBy(after.band(guard), 1);
    store.put(subject, after);
  }

  /// Forgets a subject.
  void forget(String subject) {
    @Nullable Standing known = store.delete(subject);
    if (known != null) {
      population.changed(known, Standing.none(known.epoch()));
      metrics.subjectsBy(known.band(guard), -1);
    }
  }

  /// Forgets all of which nothing counts any more.
  void expire(long now) {
    long epoch = guard.epoch(now);
    List<String> old = new ArrayList<>();
    try (KeyValueIterator<String, Standing> all = store.all()) {
      while (all.hasNext()) {
        KeyValue<String, Standing> entry = all.next();
        if (entry.value.epoch() + 1 < epoch) {
          old.add(entry.key);
        }
      }
    }
    old.forEach(this::forget);
  }

  /// How many subjects spoke lately, in all partitions.
  int crowd() {
    listen();
    return population.size();
  }

  /// How many examples a subject usually gives within the window.
  double usual() {
    listen();
    return population.usual();
  }

  /// What the other partitions do not know yet of the subjects of this one.
  Optional<Population.Histogram> news() {
    if (told == population.revision()) {
      return Optional.empty();
    }
    told = population.revision();
    return Optional.of(population.histogram());
  }

  private void listen() {
    long revision = neighbours.revision();
    if (heard != revision) {
      heard = revision;
      population.beside(neighbours.besides(partition));
    }
  }

  /// Takes what this task holds out of the gauges.
  @Override
  public void close() {
    try (KeyValueIterator<String, Standing> all = store.all()) {
      while (all.hasNext()) {
        metrics.subjectsBy(all.next().value.band(guard), -1);
      }
    }
  }
}
