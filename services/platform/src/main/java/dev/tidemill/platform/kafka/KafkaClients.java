package dev.tidemill.platform.kafka;

import dev.tidemill.platform.config.KafkaConfig;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.HttpSchemaRegistry;
import dev.tidemill.schemas.Topic;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.jspecify.annotations.Nullable;

/// Makes Kafka clients with one set of defaults: nothing acknowledged is lost, nothing uncommitted
/// is read, offsets are committed only where a service says so. Keys are UTF-8 strings, values are
/// bytes of [#codec(Topic)]. Each client's own meters go to the registry until it is closed;
/// whoever makes a client closes it.
public final class KafkaClients {

  // One thread looks after the meters of all clients of the process.
  private static final ScheduledExecutorService METER_REFRESH =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("kafka-meters").daemon().factory());

  private final KafkaConfig config;
  private final String clientIdPrefix;
  private final MeterRegistry metrics;
  private final @Nullable FaultingRegistry schemaRegistry;

  /// @param clientIdPrefix begins the client id of each client, as the service's name
  public KafkaClients(KafkaConfig config, String clientIdPrefix, MeterRegistry metrics) {
    this(config, clientIdPrefix, metrics, registry(config.schemaRegistryUrl()));
  }

  private KafkaClients(
      KafkaConfig config,
      String clientIdPrefix,
      MeterRegistry metrics,
      @Nullable FaultingRegistry schemaRegistry) {
    this.config = config;
    this.clientIdPrefix = clientIdPrefix;
    this.metrics = metrics;
    this.schemaRegistry = schemaRegistry;
  }

  private static @Nullable FaultingRegistry registry(@Nullable URI url) {
    return url == null ? null : new FaultingRegistry(new HttpSchemaRegistry(url), Duration.ZERO);
  }

  /// The same, whose codecs wait for a schema registry that is away, for so long.
  public KafkaClients withRegistryPatience(Duration patience) {
    return new KafkaClients(
        config,
        clientIdPrefix,
        metrics,
        schemaRegistry == null ? null : schemaRegistry.withPatience(patience));
  }

  /// Whom these clients are for: the service's name.
  public String owner() {
    return clientIdPrefix;
  }

  public KafkaConfig config() {
    return config;
  }

  /// An idempotent producer: acks from all, lz4, and two minutes until a send is given up.
  public Producer<String, byte[]> producer(String name) {
    return new MeteredProducer(producerProperties(name), metrics, METER_REFRESH);
  }

  /// A producer for transactions, `initTransactions()` not yet called.
  ///
  /// @param transactionalId must be the same over restarts of the same worker, and no other's: it
  ///   fences the worker's former self
  public Producer<String, byte[]> transactionalProducer(String transactionalId) {
    Map<String, Object> properties = producerProperties(transactionalId);
    properties.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, transactionalId);
    properties.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 50_000);
    properties.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, 60_000);
    return new MeteredProducer(properties, metrics, METER_REFRESH);
  }

  /// A consumer that reads what is committed, from the earliest record where it has no position,
  /// and commits nothing by itself.
  ///
  /// @param group null for a consumer that assigns its partitions and never commits
  public Consumer<String, byte[]> consumer(String name, @Nullable String group) {
    Map<String, Object> properties = consumerProperties(name);
    if (group != null) {
      properties.put(ConsumerConfig.GROUP_ID_CONFIG, group);
    }
    return new MeteredConsumer(properties, metrics, METER_REFRESH);
  }

  /// A consumer in no group for whoever reads what is committed to the end and asks where that is.
  public Consumer<String, byte[]> reader(String name) {
    return new MeteredConsumer(readerProperties(name), metrics, METER_REFRESH);
  }

  /// A reader of all that lies in the logs, also what was aborted: for proofs that something is not
  /// there. What it reads must not be acted upon.
  public Consumer<String, byte[]> uncommittedReader(String name) {
    Map<String, Object> properties = readerProperties(name);
    properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_uncommitted");
    return new MeteredConsumer(properties, metrics, METER_REFRESH);
  }

  // A broker answers the questions of a connection one after the other: one for the ends of
  // partitions would wait behind a fetch that waits for news, half a second by Kafka's default.
  private Map<String, Object> readerProperties(String name) {
    Map<String, Object> properties = consumerProperties(name);
    properties.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 20);
    return properties;
  }

  private Map<String, Object> consumerProperties(String name) {
    Map<String, Object> properties = new HashMap<>();
    properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    properties.putAll(config.properties());
    common(properties, name);
    properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    return properties;
  }

  public Admin admin() {
    Map<String, Object> properties = new HashMap<>(config.properties());
    common(properties, "admin");
    return Admin.create(properties);
  }

  /// Properties for a Kafka Streams application: exactly once, state in `stateDir`, input read from
  /// the earliest record. Bytes in and out: the topology brings its serdes.
  public Map<String, Object> streamsProperties(String applicationId, Path stateDir) {
    Map<String, Object> properties = new HashMap<>();
    properties.put("replication.factor", (int) config.replicationFactor());
    properties.put("commit.interval.ms", 200);
    properties.put("consumer.auto.offset.reset", "earliest");
    properties.put("producer.compression.type", "lz4");
    properties.putAll(config.properties());
    properties.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, config.bootstrapServers());
    properties.put("client.id", clientIdPrefix + "-streams");
    properties.put("application.id", applicationId);
    properties.put("state.dir", stateDir.toString());
    properties.put("processing.guarantee", "exactly_once_v2");
    return properties;
  }

  /// The codec of a topic's values; its framing is the registry's when one is configured. It throws
  /// a {@link dev.tidemill.platform.faults.RetriableFault} when it needs the registry and the
  /// registry is away.
  public <T extends SpecificRecord> AvroCodec<T> codec(Topic<T> topic) {
    return schemaRegistry == null
        ? AvroCodec.of(topic.type())
        : AvroCodec.of(topic, schemaRegistry);
  }

  /// A writer of one topic's records through a producer, which stays the caller's to close.
  public <T extends SpecificRecord> TopicWriter<T> writer(
      Producer<String, byte[]> producer, Topic<T> topic) {
    return new TopicWriter<>(producer, topic, codec(topic));
  }

  private Map<String, Object> producerProperties(String name) {
    Map<String, Object> properties = new HashMap<>();
    properties.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
    properties.put(ProducerConfig.LINGER_MS_CONFIG, 5);
    properties.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 120_000);
    properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 30_000);
    properties.putAll(config.properties());
    common(properties, name);
    properties.put(ProducerConfig.ACKS_CONFIG, "all");
    properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    return properties;
  }

  private void common(Map<String, Object> properties, String name) {
    properties.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, config.bootstrapServers());
    properties.put(CommonClientConfigs.CLIENT_ID_CONFIG, clientIdPrefix + "-" + name);
  }
}
