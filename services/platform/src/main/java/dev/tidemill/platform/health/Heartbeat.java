package dev.tidemill.platform.health;

import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The pulse of one loop. The loop calls [#beat()] each time it comes round; [Health] calls the
/// process dead when it has not for longer than the limit.
public final class Heartbeat implements AutoCloseable {

  private final String name;
  private final Duration limit;
  private final LongSupplier nanos;
  private final Health owner;
  private volatile long last;
  private volatile @Nullable Throwable failure;

  Heartbeat(String name, Duration limit, LongSupplier nanos, Health owner) {
    this.name = name;
    this.limit = limit;
    this.nanos = nanos;
    this.owner = owner;
    this.last = nanos.getAsLong();
  }

  /// The loop came round.
  public void beat() {
    last = nanos.getAsLong();
  }

  /// The loop has ended for good because of `cause`: the process is no longer alive.
  public void fail(Throwable cause) {
    failure = cause;
    owner.failed(name, cause);
  }

  /// The loop was asked to end and did: it is no longer looked at.
  @Override
  public void close() {
    owner.remove(this);
  }

  public String name() {
    return name;
  }

  Health.Check check() {
    @Nullable Throwable failed = failure;
    if (failed != null) {
      return Health.Check.failing(name, "ended: " + Health.describe(failed));
    }
    Duration silent = Duration.ofNanos(nanos.getAsLong() - last);
    if (silent.compareTo(limit) > 0) {
      return Health.Check.failing(
          name,
          "has not come round for %d s; the limit is %d s"
              .formatted(silent.toSeconds(), limit.toSeconds()));
    }
    return Health.Check.ok(name);
  }
}
