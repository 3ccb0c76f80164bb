package dev.tidemill.inference;

import dev.tidemill.events.Release;
import dev.tidemill.events.ReleaseState;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.events.Route;
import dev.tidemill.inference.decode.DecodeEngine;
import dev.tidemill.inference.serving.AskedReleases;
import dev.tidemill.inference.serving.KnownReleases;
import dev.tidemill.inference.serving.Lease;
import dev.tidemill.inference.serving.ReleaseKeeper;
import dev.tidemill.inference.serving.ResidentRelease;
import dev.tidemill.inference.serving.Serving;
import dev.tidemill.inference.serving.ServingMeters;
import dev.tidemill.model.WeightFormat;
import dev.tidemill.platform.artifact.ArtifactStore;
import dev.tidemill.platform.health.Health;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.awaitility.Awaitility;

/// A keeper with an engine and without Kafka: routes and known releases are given by hand, requests
/// are leases.
final class TestKeeper implements AutoCloseable {
  /// Tokens of a prompt that are read between two tokens of the others.
  static final int CHUNK = 8;

  private final Map<String, Release> known = new ConcurrentHashMap<>();
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  final DecodeEngine engine;
  private final Serving serving;
  private final ReleaseKeeper keeper;
  private final String task;

  /// Starts to serve a task with its live release.
  TestKeeper(TestArtifacts artifacts, long residentBytes, String task, ReleaseTarget live) {
    this(artifacts.store, residentBytes, task, live);
  }

  /// The same on another store.
  TestKeeper(ArtifactStore store, long residentBytes, String task, ReleaseTarget live) {
    this.task = task;
    Health health = new Health();
    AskedReleases asked = new AskedReleases(new KnownReleases(() -> known, () -> true), 64);
    serving = new Serving(asked);
    engine = new DecodeEngine(8, 8, 1 << 24, CHUNK, registry, health);
    keeper =
        new ReleaseKeeper(
            store,
            serving,
            asked,
            residentBytes,
            WeightFormat.AS_STORED,
            engine,
            new ServingMeters(registry),
            health,
            InstantSource.system(),
            Duration.ofMillis(100),
            () -> true,
            new ReleaseKeeper.Listener() {
              @Override
              public void changed() {}

              @Override
              public void served(ResidentRelease release, Instant at) {}
            });
    engine.start();
    keeper.start();
    route(live);
  }

  /// Makes a release live and waits until it is.
  void route(ReleaseTarget live) {
    desire(live);
    awaitResident(live);
  }

  /// Makes a release live, as soon as the keeper comes to it.
  void desire(ReleaseTarget live) {
    keeper.desire(Map.of(task, new Route(task, 1L, live, null, null, Instant.now())));
  }

  void know(ReleaseTarget target, ReleaseState state) {
    known.put(target.getRelease(), TestArtifacts.release(task, target, state));
  }

  Lease lease(ReleaseTarget target) throws InterruptedException {
    return serving.lease(target.getRelease(), "user", Duration.ofSeconds(20));
  }

  List<ResidentRelease> resident() {
    return keeper.residency().resident();
  }

  boolean settled() {
    return keeper.residency().settled();
  }

  private List<String> residentIds() {
    return resident().stream().map(ResidentRelease::id).sorted().toList();
  }

  /// Waits until this release is in memory.
  void awaitResident(ReleaseTarget target) {
    Awaitility.await("release " + target)
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(5))
        .until(() -> residentIds().contains(target.getRelease()));
  }

  /// Waits until these releases are in memory and no others.
  void awaitOnly(ReleaseTarget... targets) {
    List<String> wanted = Arrays.stream(targets).map(ReleaseTarget::getRelease).sorted().toList();
    Awaitility.await("only " + wanted)
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(5))
        .until(() -> residentIds().equals(wanted));
  }

  long loads() {
    return registry.get("tidemill.inference.load").timers().stream().mapToLong(Timer::count).sum();
  }

  double evictions() {
    return registry.find("tidemill.inference.evictions").counters().stream()
        .mapToDouble(Counter::count)
        .sum();
  }

  double count(String name) {
    return registry.get(name).counter().count();
  }

  double gauge(String name) {
    return registry.get(name).gauge().value();
  }

  @Override
  public void close() {
    engine.close();
    keeper.close();
  }
}
