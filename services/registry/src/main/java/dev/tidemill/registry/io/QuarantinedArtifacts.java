package dev.tidemill.registry.io;

import dev.tidemill.events.Release;
import dev.tidemill.events.ReleaseState;
import dev.tidemill.platform.artifact.ArtifactStore;
import dev.tidemill.registry.domain.RegistryImage;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Deletes the artifacts of quarantined releases from the store, some time after the quarantine: no
/// route leads to them, and a replica that still drains requests holds the weights in memory. What
/// is to go follows from the recorded states alone, so a restart needs no memory of its own.
public final class QuarantinedArtifacts {
  private static final Logger log = LoggerFactory.getLogger(QuarantinedArtifacts.class);
  private static final Duration LOOK_EVERY = Duration.ofSeconds(5);

  private final Supplier<@Nullable RegistryImage> image;
  private final ArtifactStore artifacts;
  private final InstantSource clock;
  private final Duration keep;
  private final Counter removed;
  private final CountDownLatch stopped = new CountDownLatch(1);

  /// @param image what is recorded; null while it is not known
  /// @param keep how long an artifact stays after its release was quarantined
  public QuarantinedArtifacts(
      Supplier<@Nullable RegistryImage> image,
      ArtifactStore artifacts,
      InstantSource clock,
      Duration keep,
      MeterRegistry registry) {
    this.image = image;
    this.artifacts = artifacts;
    this.clock = clock;
    this.keep = keep;
    this.removed =
        Counter.builder("tidemill.registry.artifacts.removed")
            .description("Artifacts of quarantined releases that were deleted from the store")
            .register(registry);
  }

  /// One look, and a wait that [#stop()] ends.
  public void step() throws InterruptedException {
    @Nullable RegistryImage now = image.get();
    if (now != null) {
      Instant until = clock.instant().minus(keep);
      now.releases().stream()
          .filter(release -> release.getState() == ReleaseState.QUARANTINED)
          .filter(release -> !release.getUpdatedAt().isAfter(until))
          .forEach(this::remove);
    }
    var _ = stopped.await(LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS);
  }

  /// Ends the wait under way and every later one; by any thread.
  public void stop() {
    stopped.countDown();
  }

  private void remove(Release release) {
    String artifact = release.getCandidate().getArtifact();
    if (artifacts.contains(artifact)) {
      artifacts.remove(artifact);
      removed.increment();
      log.info("artifact {} of quarantined {} is deleted", artifact, release.getId());
    }
  }
}
