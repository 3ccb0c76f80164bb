package dev.tidemill.curator.erasure;

import dev.tidemill.schemas.Topic;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// The eraser's meters.
final class EraserMetrics implements AutoCloseable {
  private static final String ERASURES = "tidemill.curator.erasures";
  private static final String ERASED = "tidemill.curator.erased.records";

  private final MeterRegistry registry;
  private final Timer applied;
  private final AtomicReference<@Nullable Instant> oldest = new AtomicReference<>();
  private final AtomicInteger unapplied = new AtomicInteger();
  private final List<Gauge> gauges;

  EraserMetrics(MeterRegistry registry, InstantSource clock) {
    this.registry = registry;
    this.applied =
        Timer.builder("tidemill.curator.erasure")
            .description("From an erasure's arrival to the tombstones of its records")
            .publishPercentileHistogram()
            .minimumExpectedValue(Duration.ofSeconds(1))
            .maximumExpectedValue(Duration.ofHours(24))
            .register(registry);
    Gauge age =
        Gauge.builder("tidemill.curator.erasure.oldest.waiting", () -> age(clock))
            .description(
                "Age of the oldest erasure that was read and is not applied; 0 without one")
            .baseUnit("seconds")
            .register(registry);
    Gauge waiting =
        Gauge.builder("tidemill.curator.erasures.waiting", unapplied, AtomicInteger::doubleValue)
            .description("Erasures that were read and are not applied")
            .register(registry);
    this.gauges = List.of(age, waiting);
    for (String outcome : List.of("applied", "repeated", "refused")) {
      registry.counter(ERASURES, "outcome", outcome);
    }
    for (Topic<?> topic : Readings.topics()) {
      registry.counter(ERASED, "topic", topic.name());
    }
  }

  void erasure(String outcome) {
    registry.counter(ERASURES, "outcome", outcome).increment();
  }

  void applied(Duration since) {
    applied.record(since.isNegative() ? Duration.ZERO : since);
  }

  void removed(String topic, long records) {
    registry.counter(ERASED, "topic", topic).increment((double) records);
  }

  /// So many erasures wait, of which the oldest arrived then; null when none waits.
  void waiting(int erasures, @Nullable Instant since) {
    unapplied.set(erasures);
    oldest.set(since);
  }

  @Override
  public void close() {
    gauges.forEach(registry::remove);
  }

  private double age(InstantSource clock) {
    @Nullable Instant since = oldest.get();
    return since == null
        ? 0
        : Math.max(0, Duration.between(since, clock.instant()).toMillis()) / 1e3;
  }
}
