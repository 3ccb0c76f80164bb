package dev.tidemill.inference.serving;

import dev.tidemill.schemas.ReleaseId;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/// What is measured of releases: resident, loaded, swapped, refused, how fresh.
public final class ServingMeters {
  private static final Duration[] LOAD_BUCKETS = {
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(250),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofSeconds(2),
    Duration.ofSeconds(5),
    Duration.ofSeconds(10),
    Duration.ofSeconds(30),
    Duration.ofMinutes(1),
    Duration.ofMinutes(5),
    Duration.ofMinutes(30)
  };

  private final MeterRegistry registry;
  private final MultiGauge references;
  private final MultiGauge bytes;
  private volatile List<ResidentRelease> resident = List.of();
  private final AtomicLong peak = new AtomicLong();

  public ServingMeters(MeterRegistry registry) {
    this.registry = registry;
    this.references =
        MultiGauge.builder("tidemill.inference.release.references")
            .description("Requests that a release answers now")
            .register(registry);
    this.bytes =
        MultiGauge.builder("tidemill.inference.release.memory")
            .description("Memory that only this release holds")
            .baseUnit("bytes")
            .register(registry);
    Gauge.builder("tidemill.inference.releases.resident", this, m -> m.resident.size())
        .description("Releases in memory, draining ones included")
        .register(registry);
    Gauge.builder("tidemill.inference.resident.memory", this, ServingMeters::residentBytes)
        .description("Memory of all weights in memory")
        .baseUnit("bytes")
        .register(registry);
    Gauge.builder(
            "tidemill.inference.references",
            this,
            m -> m.resident.stream().mapToInt(ResidentRelease::references).sum())
        .description("References that requests hold on releases")
        .register(registry);
    Gauge.builder("tidemill.inference.resident.memory.peak", peak, AtomicLong::get)
        .description("Most memory that weights took at any moment")
        .baseUnit("bytes")
        .register(registry);
    // Registered from the start, so that a rate over it begins at zero.
    refusedCounter("artifact");
    refusedCounter("mismatch");
    refusedCounter("model");
    refusedCounter("unreadable");
    refusedCounter("memory");
  }

  /// The releases in memory are these now.
  public void resident(List<ResidentRelease> now) {
    resident = now;
    references.register(
        now.stream().map(release -> MultiGauge.Row.of(tags(release), release::references)).toList(),
        true);
    bytes.register(
        now.stream().map(release -> MultiGauge.Row.of(tags(release), release::bytes)).toList(),
        true);
  }

  /// The most memory that weights may take.
  public void budget(long most) {
    Gauge.builder("tidemill.inference.resident.budget", () -> most)
        .description("Most memory that weights may take")
        .baseUnit("bytes")
        .register(registry);
  }

  /// Weights take so much memory now.
  public void taken(long now) {
    peak.accumulateAndGet(now, Math::max);
  }

  /// A request asked for a release, and there was no memory for it.
  public void withoutRoom(String task) {
    Counter.builder("tidemill.inference.loads.without.room")
        .description("Releases asked for by id for which there was no memory")
        .tag("task", task)
        .register(registry)
        .increment();
  }

  /// A release gave way to another.
  public void evicted(String task) {
    Counter.builder("tidemill.inference.evictions")
        .description("Releases that no route named and that gave way to others")
        .tag("task", task)
        .register(registry)
        .increment();
  }

  /// A release came into memory so long after it was wanted.
  public void loaded(String task, Duration after) {
    timer("tidemill.inference.load", "From wanting a release to being able to serve it", task)
        .record(after);
  }

  /// A release's memory was given back.
  public void unloaded(String task) {
    Counter.builder("tidemill.inference.unloads")
        .description("Releases whose memory was given back")
        .tag("task", task)
        .register(registry)
        .increment();
  }

  /// Another release is live.
  ///
  /// @param replaced whether one was live before
  /// @param after time since the route changed
  public void swapped(String task, boolean replaced, Duration after) {
    Counter swaps =
        Counter.builder("tidemill.inference.swaps")
            .description("Changes of the live release that this replica made")
            .tag("task", task)
            .register(registry);
    if (replaced) {
      swaps.increment();
      timer("tidemill.inference.swap", "From a route's change to serving its live release", task)
          .record(after.isNegative() ? Duration.ZERO : after);
    }
  }

  /// A release was refused.
  public void refused(String reason) {
    refusedCounter(reason).increment();
  }

  /// The newest event that a release has learned from was served so long after it happened.
  public void fresh(String task, Duration age) {
    timer(
            "tidemill.inference.freshness",
            "From the newest event a release learned from to serving it",
            task)
        .record(age.isNegative() ? Duration.ZERO : age);
  }

  private Counter refusedCounter(String reason) {
    return Counter.builder("tidemill.inference.refused")
        .description("Releases refused, by reason")
        .tag("reason", reason)
        .register(registry);
  }

  private Timer timer(String name, String description, String task) {
    return Timer.builder(name)
        .description(description)
        .tag("task", task)
        .serviceLevelObjectives(LOAD_BUCKETS)
        .register(registry);
  }

  private double residentBytes() {
    List<ResidentRelease> now = resident;
    long adapters = now.stream().mapToLong(ServingMeters::adapterBytes).sum();
    long bases =
        now.stream().map(ResidentRelease::model).distinct().mapToLong(model -> model.bytes()).sum();
    return adapters + bases;
  }

  private static long adapterBytes(ResidentRelease release) {
    var adapter = release.adapter();
    return adapter == null ? 0 : adapter.bytes();
  }

  private static Tags tags(ResidentRelease release) {
    return Tags.of("task", release.task(), "release", ReleaseId.brief(release.id()));
  }
}
