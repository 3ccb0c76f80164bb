package dev.tidemill.platform.health;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Whether this process is alive and whether it is ready, by name and with reasons.
///
/// Alive means that every loop came round within its limit; it says nothing of what others do, so
/// an orchestrator never restarts us for a broker that is away. Ready means that we can do our work
/// now.
public final class Health {

  /// One thing that was looked at.
  ///
  /// @param reason why it is not ok; null when it is
  public record Check(String name, boolean ok, @Nullable String reason) {
    static Check ok(String name) {
      return new Check(name, true, null);
    }

    static Check failing(String name, String reason) {
      return new Check(name, false, reason);
    }
  }

  /// All things that were looked at, sorted by name.
  public record Report(boolean ok, List<Check> checks) {
    static Report of(List<Check> checks) {
      return new Report(checks.stream().allMatch(Check::ok), checks);
    }
  }

  /// A loop that ended by an error.
  public record Failure(String name, Throwable cause) {}

  private final LongSupplier nanos;
  private final List<Heartbeat> heartbeats = new CopyOnWriteArrayList<>();
  private final Map<String, Supplier<Optional<String>>> readiness = new ConcurrentHashMap<>();
  private final CompletableFuture<Failure> firstFailure = new CompletableFuture<>();

  public Health() {
    this(System::nanoTime);
  }

  /// @param nanos a clock that never goes back, as [System#nanoTime()]
  public Health(LongSupplier nanos) {
    this.nanos = nanos;
  }

  /// A new heartbeat, which counts as beaten now. Close it when its loop ends in order.
  public Heartbeat heartbeat(String name, Duration limit) {
    Heartbeat heartbeat = new Heartbeat(name, limit, nanos, this);
    heartbeats.add(heartbeat);
    return heartbeat;
  }

  /// Registers a question asked at each readiness request: empty when ready, else one sentence. It
  /// must answer at once. A second one of the same name replaces the first.
  public void readiness(String name, Supplier<Optional<String>> whyNotReady) {
    readiness.put(name, whyNotReady);
  }

  /// Forgets the readiness question of this name.
  public void removeReadiness(String name) {
    readiness.remove(name);
  }

  /// Whether every loop comes round.
  public Report live() {
    return Report.of(
        heartbeats.stream()
            .map(Heartbeat::check)
            .sorted(Comparator.comparing(Check::name))
            .toList());
  }

  /// Whether everything registered is ready.
  public Report ready() {
    return Report.of(
        readiness.entrySet().stream()
            .sorted(Map.Entry.comparingByKey())
            .map(e -> ask(e.getKey(), e.getValue()))
            .toList());
  }

  /// Completes when the first loop fails; never otherwise. Whoever runs the process stops it then.
  public CompletableFuture<Failure> firstFailure() {
    return firstFailure.copy();
  }

  void failed(String name, Throwable cause) {
    firstFailure.complete(new Failure(name, cause));
  }

  void remove(Heartbeat heartbeat) {
    heartbeats.remove(heartbeat);
  }

  private static Check ask(String name, Supplier<Optional<String>> whyNotReady) {
    try {
      return whyNotReady.get().map(r -> Check.failing(name, r)).orElseGet(() -> Check.ok(name));
    } catch (RuntimeException e) {
      return Check.failing(name, "could not be asked: " + describe(e));
    }
  }

  static String describe(Throwable thrown) {
    @Nullable String message = thrown.getMessage();
    return message == null ? thrown.getClass().getSimpleName() : message;
  }
}
