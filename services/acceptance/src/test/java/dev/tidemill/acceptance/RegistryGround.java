package dev.tidemill.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.broker.KafkaForTests;
import dev.tidemill.curator.CuratorConfig;
import dev.tidemill.curator.CuratorService;
import dev.tidemill.events.Document;
import dev.tidemill.ingest.IngestConfig;
import dev.tidemill.ingest.IngestService;
import dev.tidemill.platform.ServiceContext;
import dev.tidemill.platform.artifact.DirectoryArtifactStore;
import dev.tidemill.platform.config.KafkaConfig;
import dev.tidemill.platform.config.Settings;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicReader;
import dev.tidemill.platform.kafka.TopicRecord;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.Topics;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Future;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.awaitility.Awaitility;

/// Ingest and curator on a Kafka and a schema registry. Key and id of a document are the same here.
final class RegistryGround implements AutoCloseable {
  static final Duration LIMIT = Duration.ofSeconds(60);

  private final RealRegistry registry;
  private final KafkaForTests kafka;
  private final Settings settings;
  private final KafkaClients clients;
  private final Producer<String, byte[]> producer;
  private final TopicValues values;
  private final SimpleMeterRegistry curatorMeters = new SimpleMeterRegistry();
  private final Health ingestHealth = new Health();
  private final Health curatorHealth = new Health();
  private final CuratorService curator;
  private final IngestService ingest;
  private final GatewayCalls gateway;
  private final Path folder;

  /// Both services are ready.
  RegistryGround(Path folder) throws IOException {
    this.folder = folder;
    registry = new RealRegistry(folder);
    registry.start();
    kafka = KafkaForTests.start();
    Path file = folder.resolve("settings.yaml");
    Files.writeString(
        file,
        """
        kafka:
          bootstrap_servers: "%s"
          schema_registry_url: "%s"
          # So long the place of a stream thread that gave up is kept.
          properties: {main.consumer.session.timeout.ms: "6000"}
        curator:
          state_directory: %s
          holdout: {share: 0.0}
          quality: {enabled: false}
        ingest: {http: {host: 127.0.0.1, port: 0}}
        """
            .formatted(kafka.bootstrapServers(), registry.url(), folder.resolve("state")));
    settings = Settings.load(file, Map.of());
    kafka.freshTopics();
    clients = clients("acceptance");
    producer = clients.producer("acceptance");
    values = new TopicValues(clients, Topics.DOCUMENTS, Topics.CURATED_DOCUMENTS);
    registry.awaitReady();
    curator =
        new CuratorService(
            context("curator", curatorMeters, curatorHealth),
            settings.section("curator", CuratorConfig.class));
    curator.start();
    ingest =
        new IngestService(
            context("ingest", new SimpleMeterRegistry(), ingestHealth),
            settings.section("ingest", IngestConfig.class));
    ingest.start();
    gateway = new GatewayCalls(URI.create("http://127.0.0.1:" + ingest.port()));
    Awaitility.await("ingest and curator are ready")
        .atMost(LIMIT)
        .until(() -> ingestHealth.ready().ok() && curatorHealth.ready().ok());
  }

  RealRegistry registry() {
    return registry;
  }

  /// A document whose text is like no other's.
  static Document document(String id) {
    return Document.newBuilder()
        .setId(id)
        .setKey(id)
        .setProducer("acceptance")
        .setSource("test")
        .setText(GatewayCalls.text(id))
        .setEventTime(Instant.now())
        .build();
  }

  GatewayCalls gateway() {
    return gateway;
  }

  /// Writes a raw document past the gateway.
  void send(String id, byte[] value) {
    Future<RecordMetadata> sent =
        producer.send(new ProducerRecord<>(Topics.DOCUMENTS.name(), id, value));
    producer.flush();
    assertThat(sent.resultNow().hasOffset()).isTrue();
  }

  /// What lies in the raw and the curated topic, in bytes.
  TopicValues values() {
    return values;
  }

  /// What a topic holds, read by somebody who has asked the registry nothing before.
  <T extends SpecificRecord> List<T> read(Topic<T> topic) {
    return new TopicReader(clients("reader"))
        .readAll(topic).stream()
            .map(TopicRecord::value)
            .filter(Objects::nonNull)
            .map(Objects::requireNonNull)
            .toList();
  }

  /// Waits until the curator has given up a stream thread, as it does when the registry stays away.
  void awaitThreadFailure() {
    Awaitility.await("a stream thread waits no longer")
        .atMost(LIMIT)
        .until(() -> curatorMeters.get("tidemill.curator.thread.failures").counter().count() > 0);
  }

  void assertAlive() {
    assertThat(ingestHealth.live().ok()).as("ingest is alive").isTrue();
    assertThat(curatorHealth.live().ok()).as("the curator is alive").isTrue();
  }

  @Override
  public void close() {
    gateway.close();
    ingest.close();
    curator.close();
    values.close();
    producer.close();
    kafka.close();
    registry.close();
  }

  private KafkaClients clients(String name) {
    return new KafkaClients(
        settings.section("kafka", KafkaConfig.class), name, new SimpleMeterRegistry());
  }

  private ServiceContext context(String name, MeterRegistry meters, Health health)
      throws IOException {
    return new ServiceContext(
        name,
        clients(name),
        meters,
        new DirectoryArtifactStore(folder.resolve("artifacts"), null, List.of()),
        health,
        InstantSource.system());
  }
}
