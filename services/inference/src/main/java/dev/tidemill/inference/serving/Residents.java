package dev.tidemill.inference.serving;

import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.inference.serving.RefusedException.Kind;
import dev.tidemill.inference.serving.ReleaseKeeper.Wanted;
import dev.tidemill.model.Adapter;
import dev.tidemill.platform.artifact.VerifiedArtifact;
import dev.tidemill.platform.http.Problem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What is in memory, owned by the keeper's thread: bases by digest, releases that are wanted, and
/// releases that only finish what they began. Releases that no route names stay while a request may
/// ask for them again and the [ResidentBudget] does not want their memory for another.
final class Residents {
  private static final Logger log = LoggerFactory.getLogger(Residents.class);

  private final ReleaseLoader loader;
  private final ResidentBases bases;
  private final ServingMeters meters;
  private final AskedReleases asked;
  private final Refusals refusals;
  private final ResidentBudget budget;
  private final Runnable wake;
  private final AtomicLong uses = new AtomicLong();

  private final Map<String, ResidentRelease> wanted = new HashMap<>();
  private final Set<ResidentRelease> draining = new LinkedHashSet<>();
  private final Map<String, Long> wantedSince = new HashMap<>();
  private boolean changed;

  /// Releases whose last reference went, put here by whoever gave it back.
  private final Queue<ResidentRelease> idle = new ConcurrentLinkedQueue<>();

  /// @param wake makes the keeper come round
  Residents(
      ReleaseLoader loader,
      ResidentBases bases,
      ServingMeters meters,
      AskedReleases asked,
      Refusals refusals,
      ResidentBudget budget,
      Runnable wake) {
    this.loader = loader;
    this.bases = bases;
    this.meters = meters;
    this.asked = asked;
    this.refusals = refusals;
    this.budget = budget;
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

  /// Whether nothing more is to be done for a target for now.
  boolean settled(@Nullable ReleaseTarget target) {
    return target == null
        || wanted.containsKey(target.getRelease())
        || refusals.has(target.getRelease());
  }

  /// Whether a release is to be brought now.
  boolean missing(String release) {
    return !wanted.containsKey(release) && !refusals.tooSoon(release);
  }

  /// Forgets what concerns releases that no route names, but refusals of those asked for.
  void forgetBut(Set<String> named) {
    refusals.forgetBut(named::contains, asked::servable);
    wantedSince.keySet().retainAll(named);
  }

  /// Whether a release or a refusal came or went since the last call.
  boolean takeChanged() {
    boolean was = changed;
    changed = false;
    return refusals.takeChanged() || was;
  }

  /// Gets a release that a route names into memory, or notes why not.
  void bring(Wanted one) throws InterruptedException {
    String id = one.target().getRelease();
    if (revived(id) != null) {
      return;
    }
    try {
      added(load(one, wantedSince.computeIfAbsent(id, x -> System.nanoTime()), () -> {}));
      wantedSince.remove(id);
    } catch (RefusedException e) {
      refusals.add(id, e, false);
    }
  }

  /// Gets a release that requests ask for into memory and gives it to them, or tells them why not.
  /// When there is something better to do, they go on waiting.
  ///
  /// @param better whether there is; asked between the steps of a load and before each weight of a
  ///     base
  void answer(AskedReleases.Asked one, BooleanSupplier better) throws InterruptedException {
    String id = one.id();
    @Nullable ResidentRelease release = wanted.get(id);
    if (release == null) {
      release = revived(id);
    }
    @Nullable Problem refused = refusals.problem(id);
    if (release == null && refused != null && refusals.tooSoon(id)) {
      asked.refuse(id, refused);
      return;
    }
    try {
      asked.give(
          release == null
              ? added(load(one.wanted(), one.since(), () -> GivenUpException.when(better)))
              : release);
    } catch (GivenUpException e) {
      log.info("loading release {} is given up for routes that changed", id);
    } catch (RefusedException e) {
      if (e.kind() == Kind.MEMORY) {
        meters.withoutRoom(one.wanted().task());
      } else {
        refusals.add(id, e, true);
      }
      asked.refuse(id, Refusals.problem(id, e.kind(), e.reason()));
    }
  }

  private @Nullable ResidentRelease revived(String id) {
    for (ResidentRelease release : List.copyOf(draining)) {
      if (release.id().equals(id) && release.tryRevive()) {
        draining.remove(release);
        wanted.put(id, release);
        changed = true;
        return release;
      }
    }
    return null;
  }

  private ResidentRelease added(ResidentRelease release) {
    wanted.put(release.id(), release);
    refusals.remove(release.id());
    changed = true;
    meters.taken(ResidentBudget.used(bases.all(), all()));
    meters.loaded(release.task(), Duration.ofNanos((long) (release.loadSeconds() * 1e9)));
    log.info("release {} is in memory after {} s", release, release.loadSeconds());
    return release;
  }

  /// @param goOn run between its steps; a [GivenUpException] of its ends the loading
  private ResidentRelease load(Wanted one, long since, Runnable goOn)
      throws RefusedException, InterruptedException {
    ReleaseTarget target = one.target();
    ReleaseLoader.checkId(one.task(), target);
    @Nullable Adapter adapter = null;
    // Held from the start: making room must not take it away.
    @Nullable ResidentBase base = bases.hold(target.getBase());
    boolean done = false;
    try {
      ReleaseLoader.Verified verified =
          loader.verify(target, base == null ? null : base.model().config());
      goOn.run();
      makeRoom(target.getRelease(), verified.bytes());
      @Nullable VerifiedArtifact weights = verified.base();
      if (base == null) {
        VerifiedArtifact artifact = Objects.requireNonNull(weights);
        base = bases.add(artifact, loader.base(artifact, goOn));
      }
      @Nullable VerifiedArtifact delta = verified.adapter();
      if (delta != null) {
        adapter = ReleaseLoader.adapter(delta, base.model());
      }
      goOn.run();
      ReleaseLoader.tryOut(target.getRelease(), base.probe(), adapter);
      bases.prepare(base, adapter);
      done = true;
      return new ResidentRelease(
          target.getRelease(),
          one.task(),
          base,
          target.getAdapter(),
          adapter,
          delta == null ? base.createdAt() : delta.manifest().createdAt(),
          (System.nanoTime() - since) / 1e9,
          this::becameIdle,
          uses::incrementAndGet);
    } catch (GivenUpException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new RefusedException(
          Kind.MODEL, "release " + target.getRelease() + " cannot be loaded: " + e, e);
    } finally {
      if (!done) {
        if (adapter != null) {
          adapter.close();
        }
        if (base != null) {
          bases.drop(base);
        }
      }
    }
  }

  /// Lets releases go that nobody holds until so many bytes fit beside what is left.
  private void makeRoom(String id, long needed) throws RefusedException {
    changed |= unloadIdle();
    List<ResidentRelease> going = budget.givingWay(id, needed, bases.all(), all());
    while (!going.isEmpty()) {
      for (ResidentRelease release : going) {
        // A request may have taken hold of it meanwhile: then others are looked for.
        if (release.tryLetGo()) {
          wanted.remove(release.id());
          asked.drop(release);
          meters.evicted(release.task());
          unload(release);
          changed = true;
        }
      }
      going = budget.givingWay(id, needed, bases.all(), all());
    }
  }

  private void becameIdle(ResidentRelease release) {
    idle.add(release);
    wake.run();
  }

  /// Pins what the table holds or the routes name, and lets go of the rest but for releases that
  /// may be asked for again.
  boolean retireBut(Set<ResidentRelease> inTable, Set<String> named) {
    boolean any = false;
    for (ResidentRelease release : List.copyOf(wanted.values())) {
      boolean pinned = inTable.contains(release) || named.contains(release.id());
      changed |= release.pin(pinned);
      if (!pinned && !asked.keeps(release)) {
        wanted.remove(release.id());
        asked.drop(release);
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
    asked.close();
    all.forEach(asked::drop);
    retireBut(Set.of(), Set.of());
    for (ResidentRelease release : all) {
      if (release.references() > 0) {
        log.warn("release {} is let go with {} references", release, release.references());
      }
      unload(release);
    }
    idle.clear();
    draining.clear();
    bases.close();
  }

  private void unload(ResidentRelease release) {
    ResidentBase base = release.base();
    @Nullable Adapter adapter = release.adapter();
    if (adapter != null) {
      adapter.close();
    }
    meters.unloaded(release.task());
    log.info("release {} is unloaded", release);
    bases.drop(base);
  }
}
