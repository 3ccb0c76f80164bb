package dev.tidemill.ingest.io;

import dev.tidemill.events.Demonstration;
import dev.tidemill.events.Document;
import dev.tidemill.events.Erasure;
import dev.tidemill.events.Feedback;
import dev.tidemill.ingest.domain.Kind;
import dev.tidemill.ingest.domain.RawRecord;
import dev.tidemill.platform.config.KafkaConfig;
import dev.tidemill.platform.faults.FatalFault;
import dev.tidemill.platform.faults.Fault;
import dev.tidemill.platform.faults.KafkaFaults;
import dev.tidemill.platform.faults.RejectedFault;
import dev.tidemill.platform.faults.RetriableFault;
import dev.tidemill.platform.http.Problem;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicWriter;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.Topics;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Brings records to the broker and waits until it has acknowledged every one, for a bounded time
/// and for a bounded number of requests at once.
public final class BrokerWriter implements AutoCloseable {

  /// How long and for how many we wait.
  ///
  /// @param ackTimeout longest wait of a request
  /// @param retryAfter when a client should come again
  /// @param maxWaiting requests that may wait at once
  public record Patience(Duration ackTimeout, Duration retryAfter, int maxWaiting) {}

  private static final Logger log = LoggerFactory.getLogger(BrokerWriter.class);

  private final KafkaClients clients;
  private final Producer<String, byte[]> producer;
  private final AvroCodec<Document> documents;
  private final AvroCodec<Demonstration> demonstrations;
  private final AvroCodec<Feedback> feedback;
  private final AvroCodec<Erasure> erasures;
  private final IngestMetrics metrics;
  private final BrokerWatch watch;
  private final Patience patience;
  private final InstantSource clock;
  private final Semaphore places;

  /// @param gathering the producer's properties for batches, under those of `kafka.properties`
  public BrokerWriter(
      KafkaClients clients,
      Map<String, String> gathering,
      IngestMetrics metrics,
      BrokerWatch watch,
      Patience patience,
      InstantSource clock) {
    this.clients = impatient(clients, gathering, patience.ackTimeout(), metrics);
    this.producer = this.clients.producer("raw");
    this.documents = clients.codec(Topics.DOCUMENTS);
    this.demonstrations = clients.codec(Topics.DEMONSTRATIONS);
    this.feedback = clients.codec(Topics.FEEDBACK);
    this.erasures = clients.codec(Topics.ERASURES);
    this.metrics = metrics;
    this.watch = watch;
    this.patience = patience;
    this.clock = clock;
    this.places = new Semaphore(patience.maxWaiting());
  }

  /// Sends the records and returns when the broker has acknowledged all of them.
  ///
  /// @throws Problem 503 when it has not in time, or too many wait already; some of the records may
  ///   have been written then, so the same ids must be sent again
  void write(Kind kind, List<RawRecord> records) {
    if (!places.tryAcquire()) {
      metrics.records(kind, IngestMetrics.Result.UNAVAILABLE, records.size());
      throw Problem.unavailable(
          patience.maxWaiting() + " requests wait for the broker already", patience.retryAfter());
    }
    try {
      send(kind, records);
    } finally {
      places.release();
    }
  }

  /// A writer of another topic through the same producer.
  <T extends SpecificRecord> TopicWriter<T> topic(Topic<T> topic) {
    return clients.writer(producer, topic);
  }

  /// Requests that wait now.
  int waiting() {
    return patience.maxWaiting() - places.availablePermits();
  }

  @Override
  public void close() {
    producer.close(patience.ackTimeout());
  }

  private void send(Kind kind, List<RawRecord> records) {
    long start = System.nanoTime();
    long limit = patience.ackTimeout().toNanos();
    // All are encoded before the first is sent: what cannot be encoded leaves nothing behind.
    List<ProducerRecord<String, byte[]>> encoded = encode(records);
    Acknowledgements acks = new Acknowledgements(records.size());
    for (int i = 0; i < encoded.size() && !acks.failed(); i++) {
      // A send may block for half of the time (max.block.ms) when there is no broker.
      if (System.nanoTime() - start > limit / 2) {
        acks.fail(new RetriableFault("the broker takes records too slowly"));
        break;
      }
      send(kind, records.get(i), encoded.get(i), acks);
    }
    @Nullable Fault fault = await(acks, limit - (System.nanoTime() - start));
    int acknowledged = acks.acknowledged();
    metrics.records(kind, IngestMetrics.Result.ACCEPTED, acknowledged);
    if (fault != null) {
      boolean rejected = fault instanceof RejectedFault;
      metrics.records(
          kind,
          rejected ? IngestMetrics.Result.REJECTED : IngestMetrics.Result.UNAVAILABLE,
          (long) records.size() - acknowledged);
      throw problem(fault, acknowledged, records.size());
    }
  }

  private void send(
      Kind kind, RawRecord record, ProducerRecord<String, byte[]> encoded, Acknowledgements acks) {
    long sent = System.nanoTime();
    try {
      var _ =
          producer.send(
              encoded,
              (metadata, error) -> {
                if (error == null) {
                  acknowledged(kind, record.eventTime(), encoded.value().length, sent);
                  acks.acknowledge();
                } else {
                  acks.fail(KafkaFaults.classify(error));
                }
              });
    } catch (KafkaException | IllegalStateException e) {
      acks.fail(KafkaFaults.classify(e));
    }
  }

  private void acknowledged(Kind kind, Instant eventTime, int bytes, long sent) {
    Duration age = Duration.between(eventTime, clock.instant());
    metrics.acknowledged(
        kind,
        Duration.ofNanos(System.nanoTime() - sent),
        age.isNegative() ? Duration.ZERO : age,
        bytes);
    watch.answered();
  }

  private static @Nullable Fault await(Acknowledgements acks, long nanos) {
    try {
      return acks.await(nanos);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new RetriableFault("the gateway is stopping", e);
    }
  }

  private Problem problem(Fault fault, int acknowledged, int total) {
    String counted =
        total == 1
            ? ""
            : "; "
                + acknowledged
                + " of "
                + total
                + " records were acknowledged, send all again"
                + " with the same ids or Idempotency-Key";
    return switch (fault) {
      case RetriableFault f -> {
        log.warn("{} of {} records acknowledged: {}", acknowledged, total, f.getMessage());
        yield Problem.unavailable(
            "the broker did not acknowledge: " + f.getMessage() + counted, patience.retryAfter());
      }
      case RejectedFault f ->
          Problem.of(
              413,
              "record-too-large",
              "Record too large",
              "the broker refuses a record: " + f.getMessage() + counted,
              null);
      case FatalFault f -> {
        log.error("the broker cannot be written to", f);
        yield Problem.unavailable(
            "the broker cannot be written to; the log of the service says more" + counted,
            patience.retryAfter());
      }
    };
  }

  private List<ProducerRecord<String, byte[]>> encode(List<RawRecord> records) {
    try {
      return records.stream().map(this::encode).toList();
    } catch (RetriableFault e) {
      log.warn("no record can be encoded: {}", e.getMessage());
      throw Problem.unavailable(String.valueOf(e.getMessage()), patience.retryAfter());
    }
  }

  private ProducerRecord<String, byte[]> encode(RawRecord record) {
    return switch (record) {
      case RawRecord.OfDocument(Document value) ->
          new ProducerRecord<>(Topics.DOCUMENTS.name(), record.key(), documents.encode(value));
      case RawRecord.OfDemonstration(Demonstration value) ->
          new ProducerRecord<>(
              Topics.DEMONSTRATIONS.name(), record.key(), demonstrations.encode(value));
      case RawRecord.OfFeedback(Feedback value) ->
          new ProducerRecord<>(Topics.FEEDBACK.name(), record.key(), feedback.encode(value));
      case RawRecord.OfErasure(Erasure value) ->
          new ProducerRecord<>(Topics.ERASURES.name(), record.key(), erasures.encode(value));
    };
  }

  // The producer gives a record up when its request does, so that what was answered 503 is not
  // written minutes later.
  private static KafkaClients impatient(
      KafkaClients clients,
      Map<String, String> gathering,
      Duration ackTimeout,
      IngestMetrics metrics) {
    KafkaConfig config = clients.config();
    Map<String, String> properties = new HashMap<>(gathering);
    properties.putAll(config.properties());
    long millis = ackTimeout.toMillis();
    properties.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, Long.toString(millis));
    properties.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, Long.toString(millis / 2));
    properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, Long.toString(millis / 2));
    return new KafkaClients(
        new KafkaConfig(
            config.bootstrapServers(),
            properties,
            config.schemaRegistryUrl(),
            config.replicationFactor()),
        "ingest",
        metrics.registry());
  }
}
