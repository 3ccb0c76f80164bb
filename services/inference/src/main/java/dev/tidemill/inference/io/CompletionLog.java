package dev.tidemill.inference.io;

import dev.tidemill.events.Completion;
import dev.tidemill.platform.faults.Fault;
import dev.tidemill.platform.faults.KafkaFaults;
import dev.tidemill.platform.faults.RejectedFault;
import dev.tidemill.platform.faults.RetriableFault;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.http.Problem;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicWriter;
import dev.tidemill.platform.lifecycle.ServiceLoop;
import dev.tidemill.schemas.Topics;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.Producer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes completions to Kafka off the request path and loses none silently.
///
/// A request reserves its place before it is answered and the place is free again when the broker
/// has acknowledged the record, so at most `capacity` completions are ever unwritten. When Kafka is
/// away the places run out, requests are refused with 503, and readiness says why. A record that
/// failed is sent again; only one that Kafka will never take (too large) is given up, counted and
/// logged.
final class CompletionLog implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(CompletionLog.class);
  private static final String READINESS = "inference-completions";
  private static final Duration ROUND = Duration.ofMillis(500);

  private final int capacity;
  private final Semaphore places;
  private final BlockingQueue<Completion> queue = new LinkedBlockingQueue<>();
  private final Producer<String, byte[]> producer;
  private final TopicWriter<Completion> writer;
  private final Health health;
  private final Counter written;
  private final Counter retried;
  private final Counter lost;
  private final Duration flushLimit;
  private final ServiceLoop loop;
  private volatile @Nullable String failing;

  CompletionLog(
      KafkaClients clients,
      int capacity,
      Duration flushLimit,
      Health health,
      MeterRegistry registry) {
    this.capacity = capacity;
    this.places = new Semaphore(capacity);
    this.producer = clients.producer("completions");
    this.writer = clients.writer(producer, Topics.COMPLETIONS);
    this.flushLimit = flushLimit;
    this.health = health;
    this.written =
        counter(registry, "tidemill.inference.completions.written", "Completions acknowledged");
    this.retried =
        counter(registry, "tidemill.inference.completions.retried", "Completions sent again");
    this.lost =
        counter(
            registry, "tidemill.inference.completions.lost", "Completions that Kafka never took");
    Gauge.builder("tidemill.inference.completions.buffered", this, CompletionLog::buffered)
        .description("Places taken in the completion buffer, requests under way included")
        .register(registry);
    health.readiness(READINESS, this::whyNotReady);
    this.loop =
        ServiceLoop.named("inference-completions", health)
            .heartbeatLimit(Duration.ofMinutes(2))
            .start(this::step);
  }

  /// A place for the completion of one request.
  final class Place {
    private final AtomicBoolean used = new AtomicBoolean();

    /// Hands the completion over; returns at once.
    void write(Completion completion) {
      if (used.compareAndSet(false, true)) {
        queue.add(completion);
      }
    }

    /// The request was never admitted.
    void giveBack() {
      if (used.compareAndSet(false, true)) {
        places.release();
      }
    }
  }

  /// Reserves places, all or none, waiting a little when there are too few.
  ///
  /// @throws Problem 503 when there are still too few
  List<Place> reserve(int count, Duration patience) throws InterruptedException {
    if (!places.tryAcquire(count, patience.toNanos(), TimeUnit.NANOSECONDS)) {
      throw Problem.unavailable(
          "completions cannot be recorded fast enough; none is answered unrecorded",
          Duration.ofSeconds(1));
    }
    return Stream.generate(Place::new).limit(count).toList();
  }

  /// Writes what is left, as far as Kafka takes it in time.
  @Override
  public void close() {
    health.removeReadiness(READINESS);
    loop.close();
    long deadline = System.nanoTime() + flushLimit.toNanos();
    try {
      while (buffered() > 0 && System.nanoTime() < deadline) {
        @Nullable Completion next = queue.poll(50, TimeUnit.MILLISECONDS);
        if (next != null) {
          send(next);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    int left = buffered();
    if (left > 0) {
      lost.increment(left);
      log.error("{} completions could not be written before the end: {}", left, failing);
    }
    producer.close(Duration.ofSeconds(2));
  }

  /// Places taken.
  int buffered() {
    return capacity - places.availablePermits();
  }

  private Optional<String> whyNotReady() {
    @Nullable String why = failing;
    if (why != null) {
      return Optional.of("completions cannot be written: " + why);
    }
    return places.availablePermits() > 0
        ? Optional.empty()
        : Optional.of("all " + capacity + " places for completions are taken");
  }

  private void step() throws InterruptedException {
    @Nullable Completion next = queue.poll(ROUND.toMillis(), TimeUnit.MILLISECONDS);
    if (next == null) {
      return;
    }
    send(next);
    @Nullable String why = failing;
    if (why != null) {
      throw new RetriableFault("completions cannot be written: " + why);
    }
  }

  private void send(Completion completion) {
    try {
      var _ =
          writer
              .send(completion.getId(), completion)
              .whenComplete((metadata, error) -> done(completion, error));
    } catch (Fault e) {
      done(completion, e);
    } catch (RuntimeException e) {
      // The record cannot even be encoded: it never will be.
      done(completion, new RejectedFault(String.valueOf(e.getMessage()), e));
    }
  }

  private void done(Completion completion, @Nullable Throwable error) {
    if (error == null) {
      failing = null;
      written.increment();
      places.release();
      return;
    }
    Fault fault = KafkaFaults.classify(error);
    if (fault instanceof RejectedFault) {
      lost.increment();
      log.error("completion {} is lost: {}", completion.getId(), fault.getMessage());
      places.release();
    } else {
      failing = fault.getMessage();
      retried.increment();
      queue.add(completion);
    }
  }

  private static Counter counter(MeterRegistry registry, String name, String description) {
    return Counter.builder(name).description(description).register(registry);
  }
}
