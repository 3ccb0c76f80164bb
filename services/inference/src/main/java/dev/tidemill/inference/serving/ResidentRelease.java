package dev.tidemill.inference.serving;

import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.generate.Generator;
import dev.tidemill.schemas.ReleaseId;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// A release that can answer now. Whoever decodes with it holds a reference from admission to the
/// last token; the keeper holds one more as long as the release is wanted. Its memory is given back
/// when the last reference goes, never before, and never by the thread that serves. A release that
/// a route names is pinned: it does not give way when memory is wanted for others.
public final class ResidentRelease {
  private final String id;
  private final String task;
  private final ResidentBase base;
  private final @Nullable String adapterDigest;
  private final @Nullable Adapter adapter;
  private final Instant createdAt;
  private final double loadSeconds;
  private final Consumer<ResidentRelease> whenIdle;
  private final LongSupplier uses;

  /// Requests, plus one for the keeper while it wants the release. At zero it never grows again.
  private final AtomicInteger references = new AtomicInteger(1);

  private volatile boolean wanted = true;
  private volatile boolean pinned;
  private volatile long lastUse;

  ResidentRelease(
      String id,
      String task,
      ResidentBase base,
      @Nullable String adapterDigest,
      @Nullable Adapter adapter,
      Instant createdAt,
      double loadSeconds,
      Consumer<ResidentRelease> whenIdle,
      LongSupplier uses) {
    this.id = id;
    this.task = task;
    this.base = base;
    this.adapterDigest = adapterDigest;
    this.adapter = adapter;
    this.createdAt = createdAt;
    this.loadSeconds = loadSeconds;
    this.whenIdle = whenIdle;
    this.uses = uses;
    this.lastUse = uses.getAsLong();
  }

  /// `task@sha256:hex`.
  public String id() {
    return id;
  }

  public String task() {
    return task;
  }

  public BaseModel model() {
    return base.model();
  }

  public @Nullable Adapter adapter() {
    return adapter;
  }

  /// Tokens that prompt and answer may have together: all positions of the base, or those that the
  /// caches have room for, but for what the adapter takes of them for itself.
  ///
  /// @param cacheBytes memory for the caches of all sequences
  public int longestText(long cacheBytes) {
    int positions = Generator.longestIn(cacheBytes, base.model());
    return adapter == null ? positions : Math.max(0, positions - adapter.method().virtualTokens());
  }

  public String baseDigest() {
    return base.digest();
  }

  public @Nullable String adapterDigest() {
    return adapterDigest;
  }

  /// When its newest artifact was made, by the trainer's clock.
  public Instant createdAt() {
    return createdAt;
  }

  public double loadSeconds() {
    return loadSeconds;
  }

  /// Memory that only this release holds: its adapter's, or its base's when it is the only one on
  /// it and has no adapter.
  public long bytes() {
    return adapter != null ? adapter.bytes() : base.releases() <= 1 ? base.model().bytes() : 0;
  }

  /// Requests that it answers now.
  public int references() {
    return Math.max(0, references.get() - (wanted ? 1 : 0));
  }

  /// Whether a route names it, so that it stays.
  public boolean pinned() {
    return pinned;
  }

  /// Grows with each use, over all releases.
  long lastUse() {
    return lastUse;
  }

  /// Says whether it is pinned from now on.
  ///
  /// @return whether that changed
  boolean pin(boolean now) {
    boolean was = pinned;
    pinned = now;
    return was != now;
  }

  /// Whether it could give way now: nobody holds it but the keeper, and no route names it.
  boolean mayGo() {
    return wanted && !pinned && references.get() == 1;
  }

  /// Lets it go for good, unless a request has taken hold of it. The caller unloads it.
  boolean tryLetGo() {
    if (!mayGo() || !references.compareAndSet(1, 0)) {
      return false;
    }
    wanted = false;
    return true;
  }

  /// Takes a reference, unless the release was let go for good.
  public boolean tryAcquire() {
    int seen = references.get();
    while (seen > 0) {
      if (references.compareAndSet(seen, seen + 1)) {
        lastUse = uses.getAsLong();
        return true;
      }
      seen = references.get();
    }
    return false;
  }

  /// Gives a reference back.
  public void release() {
    lastUse = uses.getAsLong();
    int left = references.decrementAndGet();
    if (left == 0) {
      whenIdle.accept(this);
    } else if (left < 0) {
      throw new IllegalStateException("release " + id + " was given back more often than taken");
    }
  }

  /// The keeper wants it no longer: it goes when the requests under way are answered.
  void retire() {
    if (wanted) {
      wanted = false;
      release();
    }
  }

  /// The keeper wants a retired release again, which works as long as a request holds it.
  boolean tryRevive() {
    if (!tryAcquire()) {
      return false;
    }
    wanted = true;
    return true;
  }

  ResidentBase base() {
    return base;
  }

  @Override
  public String toString() {
    return ReleaseId.brief(id);
  }
}
