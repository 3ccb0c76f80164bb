package dev.tidemill.inference.serving;

import dev.tidemill.events.Arm;
import java.util.concurrent.atomic.AtomicBoolean;

/// A request's hold on the release that answers it, from admission to the last token.
public final class Lease implements AutoCloseable {
  private final ResidentRelease release;
  private final Arm arm;
  private final AtomicBoolean closed = new AtomicBoolean();

  Lease(ResidentRelease release, Arm arm) {
    this.release = release;
    this.arm = arm;
  }

  public ResidentRelease release() {
    return release;
  }

  /// The part of the traffic that the request fell into.
  public Arm arm() {
    return arm;
  }

  /// Another hold on the same release, for another answer to the same request.
  public Lease again() {
    if (closed.get() || !release.tryAcquire()) {
      throw new IllegalStateException("release " + release + " was given back already");
    }
    return new Lease(release, arm);
  }

  /// Gives the release back; a second call does nothing.
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      release.release();
    }
  }
}
