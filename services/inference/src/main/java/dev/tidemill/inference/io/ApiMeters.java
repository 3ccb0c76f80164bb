package dev.tidemill.inference.io;

import dev.tidemill.inference.decode.Outcome;
import dev.tidemill.inference.serving.Lease;
import dev.tidemill.platform.http.Problem;
import dev.tidemill.schemas.ReleaseId;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.LinkedHashMap;
import java.util.Locale;

/// What is measured of requests, by task, arm, outcome and release.
final class ApiMeters {
  /// Releases come and go for ever; the oldest series make place for new ones.
  private static final int MOST_RELEASES = 64;

  private static final String NONE = "none";

  private final MeterRegistry registry;
  private final LinkedHashMap<String, Counter> byRelease = new LinkedHashMap<>();

  ApiMeters(MeterRegistry registry) {
    this.registry = registry;
  }

  /// A request was answered, or broke off.
  void ended(Lease lease, Outcome outcome) {
    requests(lease.release().task(), arm(lease), outcome.end().name().toLowerCase(Locale.ROOT));
    release(lease).increment();
  }

  /// A request was refused.
  void refused(String task, Problem problem) {
    requests(
        task.isEmpty() ? NONE : task,
        NONE,
        switch (problem.status()) {
          case 401 -> "unauthorized";
          case 429 -> problem.slug().equals("rate-limited") ? "limited" : "overloaded";
          case 503 -> "unavailable";
          default -> problem.status() >= 500 ? "failed" : "invalid";
        });
  }

  private void requests(String task, String arm, String outcome) {
    Counter.builder("tidemill.inference.requests")
        .description("Requests by how they ended")
        .tag("task", task)
        .tag("arm", arm)
        .tag("outcome", outcome)
        .register(registry)
        .increment();
  }

  private synchronized Counter release(Lease lease) {
    String brief = ReleaseId.brief(lease.release().id());
    String key = brief + " " + arm(lease);
    Counter known = byRelease.get(key);
    if (known != null) {
      return known;
    }
    if (byRelease.size() >= MOST_RELEASES) {
      Meter eldest = byRelease.pollFirstEntry().getValue();
      registry.remove(eldest);
    }
    Counter counter =
        Counter.builder("tidemill.inference.release.requests")
            .description("Requests answered, by release")
            .tag("task", lease.release().task())
            .tag("release", brief)
            .tag("arm", arm(lease))
            .register(registry);
    byRelease.put(key, counter);
    return counter;
  }

  private static String arm(Lease lease) {
    return lease.arm().name().toLowerCase(Locale.ROOT);
  }
}
