package dev.tidemill.quickstart;

import dev.tidemill.broker.EmbeddedBroker;
import dev.tidemill.curator.CuratorConfig;
import dev.tidemill.curator.CuratorService;
import dev.tidemill.inference.InferenceConfig;
import dev.tidemill.inference.InferenceService;
import dev.tidemill.ingest.IngestConfig;
import dev.tidemill.ingest.IngestService;
import dev.tidemill.platform.Service;
import dev.tidemill.platform.ServiceContext;
import dev.tidemill.platform.artifact.ArtifactStore;
import dev.tidemill.platform.artifact.DirectoryArtifactStore;
import dev.tidemill.platform.artifact.SigningKeys;
import dev.tidemill.platform.config.AdminConfig;
import dev.tidemill.platform.config.ArtifactsConfig;
import dev.tidemill.platform.config.KafkaConfig;
import dev.tidemill.platform.config.Settings;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.http.AdminServer;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicCreation;
import dev.tidemill.platform.lifecycle.Lifecycle;
import dev.tidemill.platform.metrics.Metrics;
import dev.tidemill.pretrainer.PretrainerConfig;
import dev.tidemill.pretrainer.PretrainerService;
import dev.tidemill.registry.RegistryConfig;
import dev.tidemill.registry.RegistryService;
import dev.tidemill.rollout.RolloutConfig;
import dev.tidemill.rollout.RolloutService;
import dev.tidemill.tuner.TunerConfig;
import dev.tidemill.tuner.TunerService;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import org.apache.kafka.clients.admin.Admin;

/// The embedded broker and every service, started with the same configuration file that separate
/// processes would read, in one process.
public final class Stack implements AutoCloseable {
  private final Lifecycle lifecycle = new Lifecycle();
  private final PrometheusMeterRegistry metrics = Metrics.create();
  private final Health health = new Health();
  private final Settings settings;
  private final KafkaClients kafka;
  private final ArtifactStore artifacts;

  private Stack(Path data, Ports ports, Map<String, String> environment) throws Exception {
    try {
      this.settings = Settings.load(configuration(data, ports), environment);
      lifecycle.add(
          "broker",
          EmbeddedBroker.start(data.resolve("broker"), ports.broker(), ports.controller()));
      KafkaConfig kafkaConfig = settings.section("kafka", KafkaConfig.class);
      this.kafka = new KafkaClients(kafkaConfig, "quickstart", metrics);
      try (Admin admin = kafka.admin()) {
        TopicCreation.ensure(admin, kafkaConfig.replicationFactor());
      }
      this.artifacts =
          DirectoryArtifactStore.of(settings.section("artifacts", ArtifactsConfig.class));
      lifecycle.add(
          "admin",
          AdminServer.start(settings.section("admin", AdminConfig.class), metrics, health));
      start("registry", RegistryConfig.class, RegistryService::new);
      start("inference", InferenceConfig.class, InferenceService::new);
      start("rollout", RolloutConfig.class, RolloutService::new);
      start("tuner", TunerConfig.class, TunerService::new);
      start("pretrainer", PretrainerConfig.class, PretrainerService::new);
      start("curator", CuratorConfig.class, CuratorService::new);
      start("ingest", IngestConfig.class, IngestService::new);
    } catch (Exception e) {
      lifecycle.close();
      throw e;
    }
  }

  /// Starts everything on a data directory, new or left by an earlier run.
  public static Stack start(Path data, Ports ports, Map<String, String> environment)
      throws Exception {
    return new Stack(data, ports, environment);
  }

  public KafkaClients kafka() {
    return kafka;
  }

  public ArtifactStore artifacts() {
    return artifacts;
  }

  public PrometheusMeterRegistry metrics() {
    return metrics;
  }

  public Health health() {
    return health;
  }

  @Override
  public void close() {
    lifecycle.close();
  }

  private <C extends Record, S extends Service> void start(
      String name, Class<C> config, BiFunction<ServiceContext, C, S> factory) throws Exception {
    ServiceContext context =
        new ServiceContext(
            name,
            new KafkaClients(settings.section("kafka", KafkaConfig.class), name, metrics),
            metrics,
            artifacts,
            health,
            Clock.systemUTC());
    S service = factory.apply(context, settings.section(name, config));
    lifecycle.add(name, service);
    service.start();
  }

  /// Writes the configuration of this run into the data directory, where the user can read it, and
  /// makes the signing keys when there are none yet.
  private static Path configuration(Path data, Ports ports) throws IOException {
    SigningKeys.generate(data.resolve("keys"));
    String text;
    try (InputStream in =
        Objects.requireNonNull(Stack.class.getResourceAsStream("quickstart.yaml"))) {
      text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    Map<String, Object> values =
        Map.of(
            "data", data.toAbsolutePath(),
            "port.inference", ports.inference(),
            "port.ingest", ports.ingest(),
            "port.registry", ports.registry(),
            "port.admin", ports.admin(),
            "port.broker", ports.broker());
    for (Map.Entry<String, Object> value : values.entrySet()) {
      text = text.replace("${" + value.getKey() + "}", value.getValue().toString());
    }
    Path file = data.resolve("tidemill.yaml");
    Files.writeString(file, text);
    return file;
  }
}
