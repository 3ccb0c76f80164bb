package dev.tidemill.quickstart;

import dev.tidemill.events.Release;
import dev.tidemill.events.ReleaseState;
import dev.tidemill.events.Replica;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicTable;
import dev.tidemill.schemas.Topics;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/// Follows releases and replicas from their topics, so that the story can wait for what happens.
public final class Observer implements AutoCloseable {
  private static final Duration CATCH_UP = Duration.ofSeconds(30);

  private final TopicTable<Release> releases;
  private final TopicTable<Replica> replicas;
  private final AtomicLong changes = new AtomicLong();
  private final Object change = new Object();

  public Observer(KafkaClients kafka, Health health, MeterRegistry metrics)
      throws InterruptedException {
    releases = new TopicTable<>(kafka, Topics.RELEASES, health, metrics);
    replicas = new TopicTable<>(kafka, Topics.REPLICAS, health, metrics);
    releases.listen((image, keys) -> announce()).start();
    replicas.listen((image, keys) -> announce()).start();
    if (!releases.awaitCaughtUp(CATCH_UP) || !replicas.awaitCaughtUp(CATCH_UP)) {
      throw new IllegalStateException("releases and replicas cannot be read from their topics");
    }
  }

  public Collection<Release> releases() {
    return releases.image().values();
  }

  public Optional<Release> release(String id) {
    return releases.get(id);
  }

  /// The release that is live for a task and in the memory of every replica.
  public Optional<Release> live(String task) {
    return releases().stream()
        .filter(r -> r.getTask().equals(task) && r.getState() == ReleaseState.LIVE)
        .filter(r -> !replicas.image().isEmpty())
        .filter(r -> replicas.image().values().stream().allMatch(replica -> holds(replica, r)))
        .findFirst();
  }

  private static boolean holds(Replica replica, Release release) {
    return replica.getResident().stream().anyMatch(r -> r.getRelease().equals(release.getId()));
  }

  /// Waits until the supplier finds something; it is asked again after each change.
  ///
  /// @param what names what is waited for, for the error
  /// @throws TimeoutException when it did not come within the limit
  public <T> T await(String what, Duration limit, Supplier<Optional<T>> found)
      throws InterruptedException, TimeoutException {
    long deadline = System.nanoTime() + limit.toNanos();
    while (true) {
      long seen = changes.get();
      Optional<T> result = found.get();
      if (result.isPresent()) {
        return result.get();
      }
      synchronized (change) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          throw new TimeoutException(
              what + " did not come about within " + limit.toSeconds() + " s");
        }
        if (changes.get() == seen) {
          // Not everything waited for is a release or a replica: look again now and then.
          change.wait(Math.clamp(left / 1_000_000, 1, 200));
        }
      }
    }
  }

  private void announce() {
    synchronized (change) {
      changes.incrementAndGet();
      change.notifyAll();
    }
  }

  @Override
  public void close() {
    replicas.close();
    releases.close();
  }
}
