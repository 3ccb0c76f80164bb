package dev.tidemill.inference.io;

import dev.tidemill.events.RefusedRelease;
import dev.tidemill.events.Replica;
import dev.tidemill.inference.serving.Residency;
import dev.tidemill.inference.serving.ResidentRelease;
import dev.tidemill.platform.faults.Fault;
import dev.tidemill.platform.faults.KafkaFaults;
import dev.tidemill.platform.faults.RetriableFault;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicWriter;
import dev.tidemill.platform.lifecycle.ServiceLoop;
import dev.tidemill.schemas.Topics;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.Producer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes what this replica really holds: at each change, and every few seconds so that others see
/// it alive. An ordered stop deletes the record; after a crash its `reported_at` goes stale.
final class ReplicaReporter implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ReplicaReporter.class);
  private static final Duration SEND_LIMIT = Duration.ofSeconds(10);

  private final String id;
  private final String endpoint;
  private final Duration interval;
  private final Supplier<Residency> residency;
  private final InstantSource clock;
  private final Instant startedAt;
  private final Producer<String, byte[]> producer;
  private final TopicWriter<Replica> writer;
  private final Semaphore changed = new Semaphore(0);
  private final ServiceLoop loop;

  ReplicaReporter(
      String id,
      String endpoint,
      Duration interval,
      Supplier<Residency> residency,
      KafkaClients clients,
      InstantSource clock,
      Health health) {
    this.id = id;
    this.endpoint = endpoint;
    this.interval = interval;
    this.residency = residency;
    this.clock = clock;
    this.startedAt = clock.instant();
    this.producer = clients.producer("replicas");
    this.writer = clients.writer(producer, Topics.REPLICAS);
    this.loop =
        ServiceLoop.named("inference-reporter", health).wakeup(changed::release).start(this::step);
  }

  /// Something has changed: it is reported soon.
  void changed() {
    changed.release();
  }

  @Override
  public void close() {
    loop.close();
    try {
      await(writer.delete(id));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Fault e) {
      log.warn("the record of replica {} could not be deleted: {}", id, e.getMessage());
    }
    producer.close(Duration.ofSeconds(2));
  }

  private void step() throws InterruptedException {
    await(writer.send(id, replica()));
    if (changed.tryAcquire(interval.toMillis(), TimeUnit.MILLISECONDS)) {
      changed.drainPermits();
    }
  }

  private Replica replica() {
    Residency now = residency.get();
    List<dev.tidemill.events.ResidentRelease> resident =
        now.resident().stream()
            .sorted(Comparator.comparing(ResidentRelease::id))
            .map(ReplicaReporter::resident)
            .toList();
    List<RefusedRelease> refused =
        now.refused().stream()
            .map(r -> new RefusedRelease(r.release(), r.reason(), r.at(), r.temporary()))
            .toList();
    return new Replica(id, endpoint, now.epochs(), resident, refused, startedAt, clock.instant());
  }

  private static dev.tidemill.events.ResidentRelease resident(ResidentRelease release) {
    return dev.tidemill.events.ResidentRelease.newBuilder()
        .setRelease(release.id())
        .setBase(release.baseDigest())
        .setAdapter(release.adapterDigest())
        .setBytes(release.bytes())
        .setReferences(release.references())
        .setLoadSeconds(release.loadSeconds())
        .setPinned(release.pinned())
        .build();
  }

  private static void await(CompletableFuture<?> sent) throws InterruptedException {
    try {
      sent.get(SEND_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw KafkaFaults.classify(e);
    } catch (TimeoutException e) {
      throw new RetriableFault("the replica record was not acknowledged in time", e);
    }
  }
}
