package dev.tidemill.inference.serving;

import dev.tidemill.events.Arm;
import dev.tidemill.inference.serving.ReleaseKeeper.Wanted;
import dev.tidemill.platform.http.Problem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// Releases that no route names and that requests ask for by id. Who asks for one that is not in
/// memory waits here, on a thread of its own, until the keeper has loaded it; all who ask for the
/// same one wait for one load, and each is given its reference before the keeper does anything
/// else.
public final class AskedReleases {
  private static final Duration SOON = Duration.ofSeconds(1);

  private final KnownReleases known;
  private final Semaphore places;
  private final Map<String, ResidentRelease> held = new ConcurrentHashMap<>();

  // Guarded by itself, as is `closed`.
  private final Map<String, Waiting> waiting = new LinkedHashMap<>();
  private boolean closed;
  private volatile Runnable wake = () -> {};

  /// What requests wait for.
  ///
  /// @param since when the first of them asked, by [System#nanoTime()]
  record Asked(Wanted wanted, long since) {
    String id() {
      return wanted.target().getRelease();
    }
  }

  private record Waiting(Asked asked, List<CompletableFuture<Lease>> turns) {}

  /// @param known says what may be asked for
  /// @param mostWaiting requests that may wait for releases at once
  public AskedReleases(KnownReleases known, int mostWaiting) {
    this.known = known;
    this.places = new Semaphore(mostWaiting);
  }

  /// Takes hold of a release, which is loaded first when it is not in memory.
  ///
  /// @throws Problem 404 when it is not to be had, 429 when too many wait, 503 when there is no
  ///     memory for it now, 504 when `limit` has passed first
  Lease lease(String task, String id, Duration limit) throws InterruptedException {
    Wanted wanted = new Wanted(task, known.target(task, id));
    @Nullable ResidentRelease resident = held.get(id);
    if (resident != null && resident.tryAcquire()) {
      return new Lease(resident, Arm.PINNED);
    }
    if (!places.tryAcquire()) {
      throw Problem.tooManyRequests(
          "too many requests wait for releases to be loaded; try again later", SOON);
    }
    CompletableFuture<Lease> turn = new CompletableFuture<>();
    boolean taken = false;
    try {
      enqueue(wanted, turn);
      Lease lease = turn.get(Math.max(0, limit.toNanos()), TimeUnit.NANOSECONDS);
      taken = true;
      return lease;
    } catch (TimeoutException e) {
      throw Problem.of(
          504,
          "deadline_exceeded",
          "Too slow",
          "the release was not in memory within the time limit",
          null);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Problem problem ? problem : new IllegalStateException(e);
    } finally {
      if (!taken) {
        leave(id, turn);
      }
      places.release();
    }
  }

  private void enqueue(Wanted wanted, CompletableFuture<Lease> turn) {
    synchronized (waiting) {
      if (closed) {
        throw stopping();
      }
      waiting
          .computeIfAbsent(
              wanted.target().getRelease(),
              id -> new Waiting(new Asked(wanted, System.nanoTime()), new ArrayList<>()))
          .turns()
          .add(turn);
    }
    wake.run();
  }

  /// Nobody waits for this turn any more; what it was given meanwhile goes back.
  private void leave(String id, CompletableFuture<Lease> turn) {
    if (!turn.cancel(false) && turn.state() == Future.State.SUCCESS) {
      turn.resultNow().close();
    }
    synchronized (waiting) {
      @Nullable Waiting entry = waiting.get(id);
      if (entry != null
          && entry.turns().removeIf(CompletableFuture::isDone)
          && entry.turns().isEmpty()) {
        waiting.remove(id);
      }
    }
  }

  /// What is to be run when somebody asks.
  void whenAsked(Runnable action) {
    wake = action;
  }

  /// What has been waited for the longest; null when nobody waits.
  @Nullable Asked next() {
    synchronized (waiting) {
      return waiting.isEmpty() ? null : waiting.values().iterator().next().asked();
    }
  }

  /// A release is in memory: all who wait for it take hold of it.
  void give(ResidentRelease release) {
    synchronized (waiting) {
      held.put(release.id(), release);
      @Nullable Waiting entry = waiting.remove(release.id());
      if (entry == null) {
        return;
      }
      entry.turns().removeIf(turn -> given(release, turn));
      if (!entry.turns().isEmpty()) {
        // It was let go in this moment: they wait for it to be brought again.
        held.remove(release.id(), release);
        waiting.put(release.id(), entry);
        wake.run();
      }
    }
  }

  private static boolean given(ResidentRelease release, CompletableFuture<Lease> turn) {
    if (!release.tryAcquire()) {
      return turn.isDone();
    }
    Lease lease = new Lease(release, Arm.PINNED);
    if (!turn.complete(lease)) {
      lease.close();
    }
    return true;
  }

  /// A release is not to be had: all who wait for it are told.
  void refuse(String id, Problem why) {
    synchronized (waiting) {
      @Nullable Waiting entry = waiting.remove(id);
      if (entry != null) {
        entry.turns().forEach(turn -> turn.completeExceptionally(why));
      }
    }
  }

  /// Whether a release is to stay although no route names it.
  boolean keeps(ResidentRelease release) {
    return held.get(release.id()) == release && known.servable(release.id());
  }

  /// Whether a release may still be asked for.
  boolean servable(String id) {
    return known.servable(id);
  }

  /// A release leaves memory: nobody finds it here any more.
  void drop(ResidentRelease release) {
    held.remove(release.id(), release);
  }

  /// Tells all who wait that the service stops, and whoever asks from now on.
  public void close() {
    List<String> left;
    synchronized (waiting) {
      closed = true;
      left = List.copyOf(waiting.keySet());
    }
    left.forEach(id -> refuse(id, stopping()));
  }

  private static Problem stopping() {
    return Problem.unavailable("the service is stopping", SOON);
  }
}
