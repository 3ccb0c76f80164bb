package dev.tidemill.ingest;

import dev.tidemill.ingest.domain.Limits;
import dev.tidemill.ingest.domain.QuotaRules;
import dev.tidemill.ingest.domain.Template;
import dev.tidemill.platform.config.HttpConfig;
import dev.tidemill.platform.http.KeyRing;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// Settings of the gateway (section `ingest`). What is left out has the default named here.
///
/// @param http where it listens, and the longest body (also once it is unpacked)
/// @param apiKeys producer name to the SHA-256 of its key in lower-case hex, or of two keys while
///   one replaces the other; empty (the default) lets everybody in
/// @param quotas how much each producer may send; without limit unless told
/// @param templates further templates for demonstrations by name, beside those built in
/// @param producer how the Kafka producer gathers records
/// @param ackTimeout how long a request waits for the broker before it is answered 503; 10 s
/// @param retryAfter when a client that was answered 503 should come again; 2 s
/// @param maxWaitingRequests requests that may wait for the broker at once, further ones are
///   answered 503 at once; 256
/// @param maxRecordBytes longest record; 1,000,000, which fits Kafka's default message limit
/// @param maxBatchRecords most records in one request; 10,000
/// @param maxEventTimeAhead how far an event time may be ahead of our clock; 5 minutes
/// @param idempotencyEntries answers that are remembered for repeated idempotency keys; 100,000
/// @param idempotencyBytes most bytes of such answers; 64 MiB
/// @param brokerCheckInterval how often the broker is asked whether it is there; 5 s
public record IngestConfig(
    HttpConfig http,
    Map<String, List<String>> apiKeys,
    QuotaRules quotas,
    Map<String, Template> templates,
    ProducerSettings producer,
    Duration ackTimeout,
    Duration retryAfter,
    int maxWaitingRequests,
    int maxRecordBytes,
    int maxBatchRecords,
    Duration maxEventTimeAhead,
    int idempotencyEntries,
    long idempotencyBytes,
    Duration brokerCheckInterval) {

  private static final Duration SHORTEST_ACK_TIMEOUT = Duration.ofMillis(100);

  public IngestConfig {
    http = http == null ? HttpConfig.of("127.0.0.1", 0) : http;
    apiKeys = apiKeys == null ? Map.of() : Map.copyOf(apiKeys);
    quotas = quotas == null ? QuotaRules.none() : quotas;
    templates = templates == null ? Map.of() : Map.copyOf(templates);
    producer = producer == null ? ProducerSettings.defaults() : producer;
    ackTimeout = ackTimeout == null ? Duration.ofSeconds(10) : ackTimeout;
    retryAfter = retryAfter == null ? Duration.ofSeconds(2) : retryAfter;
    maxWaitingRequests = maxWaitingRequests == 0 ? 256 : maxWaitingRequests;
    maxRecordBytes = maxRecordBytes == 0 ? 1_000_000 : maxRecordBytes;
    maxBatchRecords = maxBatchRecords == 0 ? 10_000 : maxBatchRecords;
    maxEventTimeAhead = maxEventTimeAhead == null ? Duration.ofMinutes(5) : maxEventTimeAhead;
    idempotencyEntries = idempotencyEntries == 0 ? 100_000 : idempotencyEntries;
    idempotencyBytes = idempotencyBytes == 0 ? 64L * 1024 * 1024 : idempotencyBytes;
    brokerCheckInterval = brokerCheckInterval == null ? Duration.ofSeconds(5) : brokerCheckInterval;
    KeyRing.check(apiKeys);
    if (ackTimeout.compareTo(SHORTEST_ACK_TIMEOUT) < 0) {
      throw new IllegalArgumentException("ack_timeout must be at least 100ms, was " + ackTimeout);
    }
    positive("retry_after", retryAfter.toMillis());
    positive("max_waiting_requests", maxWaitingRequests);
    positive("max_record_bytes", maxRecordBytes);
    positive("max_batch_records", maxBatchRecords);
    positive("idempotency_entries", idempotencyEntries);
    positive("idempotency_bytes", idempotencyBytes);
    positive("broker_check_interval", brokerCheckInterval.toMillis());
    if (maxEventTimeAhead.isNegative()) {
      throw new IllegalArgumentException(
          "max_event_time_ahead must not be negative, was " + maxEventTimeAhead);
    }
  }

  /// The defaults, listening here.
  @SuppressWarnings("NullAway") // what is left out is null, as in a settings file
  public static IngestConfig at(HttpConfig http) {
    return new IngestConfig(http, null, null, null, null, null, null, 0, 0, 0, null, 0, 0, null);
  }

  Limits limits() {
    return new Limits(maxBatchRecords, maxRecordBytes, maxEventTimeAhead);
  }

  private static void positive(String key, long value) {
    if (value <= 0) {
      throw new IllegalArgumentException(key + " must be positive, was " + value);
    }
  }
}
