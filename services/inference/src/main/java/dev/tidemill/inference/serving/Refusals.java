package dev.tidemill.inference.serving;

import dev.tidemill.inference.domain.ApiProblems;
import dev.tidemill.inference.serving.RefusedException.Kind;
import dev.tidemill.platform.http.Problem;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Releases that were refused, why, and when they may be tried again. The keeper's thread alone.
final class Refusals {
  private static final Logger log = LoggerFactory.getLogger(Refusals.class);
  private static final Duration FIRST_RETRY = Duration.ofSeconds(1);

  private final ServingMeters meters;
  private final InstantSource clock;
  private final Duration retry;
  private final Map<String, Refusal> refusals = new HashMap<>();
  private boolean changed;

  /// @param asked whether it was a request that wanted the release, and no route
  private record Refusal(
      Kind kind, String reason, Instant at, Instant tryAgainAt, int times, boolean asked) {}

  /// @param retry longest wait before a release is tried again
  Refusals(ServingMeters meters, InstantSource clock, Duration retry) {
    this.meters = meters;
    this.clock = clock;
    this.retry = retry;
  }

  /// Notes a refusal; what may be over soon is tried again sooner.
  void add(String id, RefusedException e, boolean asked) {
    @Nullable Refusal before = refusals.get(id);
    int times = before == null ? 1 : before.times() + 1;
    Duration wait = retry;
    if (e.kind().temporary()) {
      Duration growing = FIRST_RETRY.multipliedBy(1L << Math.min(times - 1, 10));
      wait = growing.compareTo(retry) < 0 ? growing : retry;
    }
    Instant now = clock.instant();
    if (before == null || !before.reason().equals(e.reason())) {
      meters.refused(e.kind().name().toLowerCase(Locale.ROOT));
      log.warn("release {} is not served: {}", id, e.reason(), e);
    }
    Instant at = before == null ? now : before.at();
    refusals.put(id, new Refusal(e.kind(), e.reason(), at, now.plus(wait), times, asked));
    changed = true;
  }

  void remove(String id) {
    changed |= refusals.remove(id) != null;
  }

  /// Forgets all but those that routes want, and those that may still be asked for.
  void forgetBut(Predicate<String> wanted, Predicate<String> servable) {
    changed |=
        refusals
            .entrySet()
            .removeIf(
                e ->
                    !wanted.test(e.getKey())
                        && !(e.getValue().asked() && servable.test(e.getKey())));
  }

  boolean has(String id) {
    return refusals.containsKey(id);
  }

  /// Whether a release was refused so lately that it is not tried again yet.
  boolean tooSoon(String id) {
    @Nullable Refusal refusal = refusals.get(id);
    return refusal != null && clock.instant().isBefore(refusal.tryAgainAt());
  }

  @Nullable String why(String id) {
    @Nullable Refusal refusal = refusals.get(id);
    return refusal == null ? null : refusal.reason();
  }

  /// What a request is told that asked for a refused release; null when it was not refused.
  @Nullable Problem problem(String id) {
    @Nullable Refusal refusal = refusals.get(id);
    return refusal == null ? null : problem(id, refusal.kind(), refusal.reason());
  }

  /// What a request is told that asked for a release.
  static Problem problem(String id, Kind kind, String reason) {
    return switch (kind) {
      case ARTIFACT, MISMATCH, MODEL -> ApiProblems.modelNotFound(id, reason);
      case UNREADABLE, MEMORY -> Problem.unavailable(reason, FIRST_RETRY);
    };
  }

  List<Residency.Refused> all() {
    return refusals.entrySet().stream()
        .map(
            e ->
                new Residency.Refused(
                    e.getKey(),
                    e.getValue().reason(),
                    e.getValue().at(),
                    e.getValue().kind().temporary()))
        .toList();
  }

  /// Whether a refusal came or went since the last call.
  boolean takeChanged() {
    boolean was = changed;
    changed = false;
    return was;
  }
}
