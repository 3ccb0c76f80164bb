package dev.tidemill.inference.serving;

import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.inference.serving.RefusedException.Kind;
import dev.tidemill.inference.serving.ReleaseKeeper.Wanted;
import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What is in memory, owned by the keeper's thread: bases by digest, releases that are wanted,
/// releases that only finish what they began, and releases that were refused.
final class Residents {

  /// A release that was refused, and when it may be tried again.
  private record Refusal(String reason, Instant at, Instant tryAgainAt, int times) {}

  private static final Logger log = LoggerFactory.getLogger(Residents.class);
  private static final Duration DECODER_LIMIT = Duration.ofSeconds(60);
  private static final Duration FIRST_RETRY = Duration.ofSeconds(1);

  private final ReleaseLoader loader;
  private final Decoder decoder;
  private final ServingMeters meters;
  private final InstantSource clock;
  private final Duration retryRefused;
  private final Runnable wake;

  private final Map<String, ResidentBase> bases = new HashMap<>();
  private final Map<String, ResidentRelease> wanted = new HashMap<>();
  private final Set<ResidentRelease> draining = new LinkedHashSet<>();
  private final Map<String, Refusal> refusals = new HashMap<>();
  private final Map<String, Long> wantedSince = new HashMap<>();
  private boolean changed;

  /// Releases whose last reference went, put here by whoever gave it back.
  private final Queue<ResidentRelease> idle = new ConcurrentLinkedQueue<>();

  /// @param wake makes the keeper come round
  Residents(
      ReleaseLoader loader,
      Decoder decoder,
      ServingMeters meters,
      InstantSource clock,
      Duration retryRefused,
      Runnable wake) {
    this.loader = loader;
    this.decoder = decoder;
    this.meters = meters;
    this.clock = clock;
    this.retryRefused = retryRefused;
    this.wake = wake;
  }

  @Nullable ResidentRelease get(String release) {
    return wanted.get(release);
  }

  /// Every release in memory.
  List<ResidentRelease> all() {
    List<ResidentRelease> all = new ArrayList<>(wanted.values());
    all.addAll(draining);
    return all;
  }

  List<Residency.Refused> refused() {
    return refusals.entrySet().stream()
        .map(e -> new Residency.Refused(e.getKey(), e.getValue().reason(), e.getValue().at()))
        .toList();
  }

  @Nullable String whyRefused(String release) {
    @Nullable Refusal refusal = refusals.get(release);
    return refusal == null ? null : refusal.reason();
  }

  /// Whether nothing more is to be done for a target for now.
  boolean settled(@Nullable ReleaseTarget target) {
    return target == null
        || wanted.containsKey(target.getRelease())
        || refusals.containsKey(target.getRelease());
  }

  /// Whether a release is to be brought now.
  boolean missing(String release) {
    if (wanted.containsKey(release)) {
      return false;
    }
    @Nullable Refusal refusal = refusals.get(release);
    return refusal == null || !clock.instant().isBefore(refusal.tryAgainAt());
  }

  void forgetRefusalsBut(Set<String> releases) {
    changed |= refusals.keySet().retainAll(releases);
    wantedSince.keySet().retainAll(releases);
  }

  /// Whether a refusal came or went since the last call.
  boolean takeChanged() {
    boolean was = changed;
    changed = false;
    return was;
  }

  /// Gets a release into memory, or notes why not.
  void bring(Wanted one) throws InterruptedException {
    String id = one.target().getRelease();
    for (ResidentRelease release : List.copyOf(draining)) {
      if (release.id().equals(id) && release.tryRevive()) {
        draining.remove(release);
        wanted.put(id, release);
        return;
      }
    }
    long since = wantedSince.computeIfAbsent(id, x -> System.nanoTime());
    try {
      ResidentRelease release = load(one, since);
      wanted.put(id, release);
      wantedSince.remove(id);
      refusals.remove(id);
      changed = true;
      meters.loaded(one.task(), Duration.ofNanos((long) (release.loadSeconds() * 1e9)));
      log.info("release {} is in memory after {} s", release, release.loadSeconds());
    } catch (RefusedException e) {
      refuse(id, e);
    }
  }

  private void refuse(String id, RefusedException e) {
    @Nullable Refusal before = refusals.get(id);
    int times = before == null ? 1 : before.times() + 1;
    Duration wait = retryRefused;
    if (e.kind() == Kind.UNREADABLE) {
      Duration growing = FIRST_RETRY.multipliedBy(1L << Math.min(times - 1, 10));
      wait = growing.compareTo(retryRefused) < 0 ? growing : retryRefused;
    }
    Instant now = clock.instant();
    if (before == null || !before.reason().equals(e.reason())) {
      meters.refused(e.kind().name().toLowerCase(Locale.ROOT));
      log.warn("release {} is not served: {}", id, e.reason(), e);
    }
    refusals.put(
        id, new Refusal(e.reason(), before == null ? now : before.at(), now.plus(wait), times));
    changed = true;
  }

  private ResidentRelease load(Wanted one, long since)
      throws RefusedException, InterruptedException {
    ReleaseTarget target = one.target();
    ReleaseLoader.checkId(one.task(), target);
    @Nullable Adapter adapter = null;
    @Nullable ResidentBase base = bases.get(target.getBase());
    boolean done = false;
    try {
      Instant createdAt = Instant.EPOCH;
      if (base == null) {
        ReleaseLoader.LoadedBase loaded = loader.base(target.getBase());
        createdAt = loaded.createdAt();
        base = new ResidentBase(target.getBase(), loaded.model());
        bases.put(target.getBase(), base);
      }
      @Nullable String adapterDigest = target.getAdapter();
      if (adapterDigest != null) {
        ReleaseLoader.LoadedAdapter loaded =
            loader.adapter(adapterDigest, base.digest(), base.model());
        adapter = loaded.adapter();
        createdAt = loaded.createdAt();
      }
      ReleaseLoader.warm(target.getRelease(), base.model(), adapter);
      await(decoder.prepare(base.model()));
      base.add();
      done = true;
      return new ResidentRelease(
          target.getRelease(),
          one.task(),
          base,
          adapterDigest,
          adapter,
          createdAt,
          (System.nanoTime() - since) / 1e9,
          this::becameIdle);
    } catch (RuntimeException e) {
      throw new RefusedException(
          Kind.MODEL, "release " + target.getRelease() + " cannot be loaded: " + e, e);
    } finally {
      if (!done) {
        if (adapter != null) {
          adapter.close();
        }
        if (base != null && base.releases() == 0) {
          unload(base);
        }
      }
    }
  }

  private void becameIdle(ResidentRelease release) {
    idle.add(release);
    wake.run();
  }

  /// Lets go of wanted releases that neither the table holds nor the routes name.
  boolean retireBut(Set<ResidentRelease> inTable, Set<String> named) {
    boolean any = false;
    for (ResidentRelease release : List.copyOf(wanted.values())) {
      if (!inTable.contains(release) && !named.contains(release.id())) {
        wanted.remove(release.id());
        draining.add(release);
        release.retire();
        any = true;
      }
    }
    return any;
  }

  /// Gives back the memory of releases that nobody holds.
  boolean unloadIdle() {
    boolean any = false;
    for (ResidentRelease release = idle.poll(); release != null; release = idle.poll()) {
      draining.remove(release);
      unload(release);
      any = true;
    }
    return any;
  }

  /// Unloads everything, whoever still holds it.
  void close() {
    List<ResidentRelease> all = all();
    retireBut(Set.of(), Set.of());
    for (ResidentRelease release : all) {
      if (release.references() > 0) {
        log.warn("release {} is let go with {} references", release, release.references());
      }
      unload(release);
    }
    idle.clear();
    draining.clear();
    List.copyOf(bases.values()).forEach(this::unload);
  }

  private void unload(ResidentRelease release) {
    ResidentBase base = release.base();
    @Nullable Adapter adapter = release.adapter();
    if (adapter != null) {
      adapter.close();
    }
    base.remove();
    meters.unloaded(release.task());
    log.info("release {} is unloaded", release);
    if (base.releases() == 0) {
      unload(base);
    }
  }

  private void unload(ResidentBase base) {
    if (!bases.remove(base.digest(), base)) {
      return;
    }
    BaseModel model = base.model();
    try {
      await(decoder.forget(model));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RefusedException e) {
      log.warn("base {} is closed while the decoder may hold it", base.digest(), e);
    }
    model.close();
    log.info("base {} is unloaded", base.digest());
  }

  private static void await(CompletableFuture<Void> done)
      throws InterruptedException, RefusedException {
    try {
      done.get(DECODER_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new RefusedException(
          Kind.UNREADABLE, "the decoding thread did not answer in time: " + e, e);
    }
  }
}
