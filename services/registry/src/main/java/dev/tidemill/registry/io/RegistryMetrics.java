package dev.tidemill.registry.io;

import dev.tidemill.events.Release;
import dev.tidemill.events.ReleaseState;
import dev.tidemill.registry.domain.Outcome;
import dev.tidemill.registry.domain.RegistryEvent;
import dev.tidemill.registry.domain.RegistryImage;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What the registry measures.
public final class RegistryMetrics implements AutoCloseable {
  private final MeterRegistry registry;
  private final Timer apply;
  private final List<Meter> gauges = new ArrayList<>();

  public RegistryMetrics(MeterRegistry registry) {
    this.registry = registry;
    this.apply =
        Timer.builder("tidemill.registry.apply")
            .description("Time from the first input of a batch to its events being applied")
            .publishPercentileHistogram()
            .maximumExpectedValue(Duration.ofSeconds(30))
            .register(registry);
    for (Outcome.Reason reason : Outcome.Reason.values()) {
      ignored(reason);
    }
    for (ReleaseState state : ReleaseState.values()) {
      transitions(state);
    }
    freshness(ReleaseState.CANARY);
    freshness(ReleaseState.LIVE);
  }

  /// Shows the releases of this image by state until closed.
  public void follow(Supplier<@Nullable RegistryImage> image) {
    for (ReleaseState state : ReleaseState.values()) {
      gauges.add(
          Gauge.builder("tidemill.registry.releases", () -> count(image.get(), state))
              .description("Releases by the state they are in")
              .tag("state", label(state))
              .register(registry));
    }
    gauges.add(
        Gauge.builder("tidemill.registry.erasures", () -> erasures(image.get()))
            .description("Applied erasures that every release was held against")
            .register(registry));
  }

  private static double erasures(@Nullable RegistryImage image) {
    return image == null ? 0 : image.provenance().erasures().size();
  }

  void countIgnored(Outcome.Reason reason) {
    ignored(reason).increment();
  }

  void applied(List<RegistryEvent> events, Duration took) {
    apply.record(took);
    for (RegistryEvent event : events) {
      switch (event) {
        case RegistryEvent.ReleaseChanged changed -> transition(changed.release());
        case RegistryEvent.RouteChanged changed -> {}
        case RegistryEvent.ErasureSeen seen -> {}
      }
    }
  }

  @Override
  public void close() {
    gauges.forEach(registry::remove);
    gauges.clear();
  }

  private void transition(Release release) {
    ReleaseState state = release.getState();
    transitions(state).increment();
    @Nullable Instant newest = release.getCandidate().getNewestEventTime();
    boolean firstTime =
        release.getTransitions().stream().filter(t -> t.getState() == state).count() == 1;
    if (newest != null
        && firstTime
        && (state == ReleaseState.CANARY || state == ReleaseState.LIVE)) {
      freshness(state).record(Duration.between(newest, release.getUpdatedAt()));
    }
  }

  private Counter ignored(Outcome.Reason reason) {
    return Counter.builder("tidemill.registry.ignored")
        .description("Inputs that changed nothing")
        .tag("reason", reason.label())
        .register(registry);
  }

  private Counter transitions(ReleaseState state) {
    return Counter.builder("tidemill.registry.transitions")
        .description("Transitions of releases by the state they led to")
        .tag("state", label(state))
        .register(registry);
  }

  private Timer freshness(ReleaseState state) {
    return Timer.builder("tidemill.registry.freshness")
        .description("From the newest event that a release was trained on to its first traffic")
        .tag("state", label(state))
        .register(registry);
  }

  private static double count(@Nullable RegistryImage image, ReleaseState state) {
    return image == null
        ? 0
        : image.releases().stream().filter(release -> release.getState() == state).count();
  }

  private static String label(ReleaseState state) {
    return state.name().toLowerCase(Locale.ROOT);
  }
}
