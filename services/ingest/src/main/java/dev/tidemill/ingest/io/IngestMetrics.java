package dev.tidemill.ingest.io;

import dev.tidemill.ingest.domain.Kind;
import dev.tidemill.ingest.domain.Reason;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/// The gateway's meters. Those of each kind are there from the start, so that a panel shows 0 and
/// not a gap.
public final class IngestMetrics {

  /// What became of a record, as the label `result`.
  enum Result {
    ACCEPTED,
    REJECTED,
    UNAVAILABLE;

    String label() {
      return switch (this) {
        case ACCEPTED -> "accepted";
        case REJECTED -> "rejected";
        case UNAVAILABLE -> "unavailable";
      };
    }
  }

  // Looked up once: they are written for each record, on the producer's one thread.
  private record OfKind(
      Map<Result, Counter> records,
      Counter received,
      Counter written,
      Timer acknowledge,
      Timer freshness) {}

  private final MeterRegistry registry;
  private final Counter replays;
  private final Counter unwritten;
  private final Map<Kind, OfKind> kinds = new EnumMap<>(Kind.class);

  public IngestMetrics(MeterRegistry registry) {
    this.registry = registry;
    this.replays =
        Counter.builder("tidemill.ingest.idempotent.replays")
            .description("Requests answered from memory because their idempotency key was known")
            .register(registry);
    this.unwritten =
        Counter.builder("tidemill.ingest.idempotency.unwritten.answers")
            .description("Answers that were given and could not be written for other gateways")
            .register(registry);
    for (Kind kind : Kind.values()) {
      for (Quotas.Limit limit : Quotas.Limit.values()) {
        for (Quotas.Identity producer : Quotas.Identity.values()) {
          var _ = overQuotaCounter(kind, limit, producer);
        }
      }
      kinds.put(kind, ofKind(kind));
      rejected(kind, Reason.INVALID_FIELD.slug(), 0);
      var _ = request(kind, 202);
    }
  }

  /// Adds what is read off the parts that are made later.
  public void bind(BrokerWriter writer, IdempotencyCache answers, Quotas quotas) {
    Gauge.builder("tidemill.ingest.quota.producers", quotas, Quotas::size)
        .description("Producers whose quota is counted apart")
        .register(registry);
    Gauge.builder("tidemill.ingest.waiting.requests", writer, BrokerWriter::waiting)
        .description("Requests that wait for the broker")
        .register(registry);
    Gauge.builder("tidemill.ingest.idempotency.entries", answers, IdempotencyCache::size)
        .description("Idempotency keys that are remembered")
        .register(registry);
  }

  void bind(BrokerWatch watch) {
    Gauge.builder("tidemill.ingest.broker.silence", watch, w -> w.silence().toMillis() / 1000.0)
        .baseUnit("seconds")
        .description("Time since the broker last answered")
        .register(registry);
  }

  void records(Kind kind, Result result, long count) {
    Objects.requireNonNull(of(kind).records().get(result)).increment((double) count);
  }

  /// @param reason slug of the problem, of which there is a fixed number
  void rejected(Kind kind, String reason, long count) {
    Counter.builder("tidemill.ingest.rejections")
        .description("Records and requests that were refused, by reason")
        .tag("kind", kind.label())
        .tag("reason", reason)
        .register(registry)
        .increment((double) count);
  }

  void received(Kind kind, long bytes) {
    of(kind).received().increment((double) bytes);
  }

  /// A record was acknowledged.
  ///
  /// @param took from sending it
  /// @param age from its event
  /// @param bytes of its value
  void acknowledged(Kind kind, Duration took, Duration age, int bytes) {
    OfKind meters = of(kind);
    meters.acknowledge().record(took);
    meters.freshness().record(age);
    meters.written().increment((double) bytes);
  }

  void replayed() {
    replays.increment();
  }

  void answerUnwritten() {
    unwritten.increment();
  }

  /// A request was refused because its producer has used up its quota.
  void overQuota(Kind kind, Quotas.Limit limit, Quotas.Identity producer) {
    overQuotaCounter(kind, limit, producer).increment();
  }

  private Counter overQuotaCounter(Kind kind, Quotas.Limit limit, Quotas.Identity producer) {
    return Counter.builder("tidemill.ingest.quota.refusals")
        .description("Requests refused because their producer has used up its quota")
        .tag("kind", kind.label())
        .tag("limit", limit.label())
        .tag("producer", producer.label())
        .register(registry);
  }

  Timer request(Kind kind, int status) {
    return histogram("tidemill.ingest.request", "Time from a request to its answer")
        .tag("kind", kind.label())
        .tag("status", Integer.toString(status))
        .register(registry);
  }

  MeterRegistry registry() {
    return registry;
  }

  private OfKind of(Kind kind) {
    return Objects.requireNonNull(kinds.get(kind));
  }

  private OfKind ofKind(Kind kind) {
    Map<Result, Counter> records = new EnumMap<>(Result.class);
    for (Result result : Result.values()) {
      records.put(
          result,
          Counter.builder("tidemill.ingest.records")
              .description("Records by what became of them")
              .tag("kind", kind.label())
              .tag("result", result.label())
              .register(registry));
    }
    return new OfKind(
        records,
        bytes("tidemill.ingest.received", "Bytes of request bodies, unpacked", kind),
        bytes("tidemill.ingest.written", "Bytes of acknowledged values, uncompressed", kind),
        histogram(
                "tidemill.ingest.acknowledge", "Time from sending a record to its acknowledgement")
            .tag("kind", kind.label())
            .register(registry),
        histogram("tidemill.ingest.freshness", "Time from a record's event to its acknowledgement")
            .tag("kind", kind.label())
            .register(registry));
  }

  private Counter bytes(String name, String description, Kind kind) {
    return Counter.builder(name)
        .baseUnit("bytes")
        .description(description)
        .tag("kind", kind.label())
        .register(registry);
  }

  private static Timer.Builder histogram(String name, String description) {
    return Timer.builder(name)
        .description(description)
        .publishPercentileHistogram()
        .minimumExpectedValue(Duration.ofMillis(1))
        .maximumExpectedValue(Duration.ofMinutes(1));
  }
}
