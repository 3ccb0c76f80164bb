package dev.tidemill.platform.lifecycle;

import java.time.Duration;

/// How long to wait before the next try: `first`, then twice as long each time, up to `most`.
public record Backoff(Duration first, Duration most) {

  /// 100 ms up to 10 s.
  public static final Backoff DEFAULT = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(10));

  public Backoff {
    if (first.isNegative() || first.isZero() || most.compareTo(first) < 0) {
      throw new IllegalArgumentException("back-off from " + first + " to " + most);
    }
  }

  /// The wait before the try that follows `failures` failed ones (1 or more).
  public Duration wait(int failures) {
    Duration wait = first;
    for (int i = 1; i < failures && wait.compareTo(most) < 0; i++) {
      wait = wait.multipliedBy(2);
    }
    return wait.compareTo(most) < 0 ? wait : most;
  }
}
