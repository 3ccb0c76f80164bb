package dev.tidemill.inference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.broker.KafkaForTests;
import dev.tidemill.events.Canary;
import dev.tidemill.events.Completion;
import dev.tidemill.events.Release;
import dev.tidemill.events.ReleaseState;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.events.Replica;
import dev.tidemill.events.Route;
import dev.tidemill.inference.serving.ResidentRelease;
import dev.tidemill.platform.ServiceContext;
import dev.tidemill.platform.config.HttpConfig;
import dev.tidemill.platform.config.KafkaConfig;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.http.Json;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicReader;
import dev.tidemill.platform.kafka.TopicRecord;
import dev.tidemill.platform.kafka.TopicWriter;
import dev.tidemill.platform.metrics.Metrics;
import dev.tidemill.schemas.Topics;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.producer.Producer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/// A replica on a real broker, the routes that it follows, and a client of it.
final class TestReplica implements AutoCloseable {
  static final String ID = "replica-under-test";

  final TestArtifacts artifacts;
  final KafkaClients kafka;
  final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final UnaryOperator<InferenceConfig.Builder> settings;
  private final Producer<String, byte[]> producer;
  private final TopicWriter<Route> routes;
  private final TopicWriter<Release> releases;
  private final Map<String, Long> epochs = new HashMap<>();
  PrometheusMeterRegistry metrics = Metrics.create();
  Health health = new Health();
  InferenceService service;

  /// Takes away all topics and starts a replica without routes.
  TestReplica(TestArtifacts artifacts, UnaryOperator<InferenceConfig.Builder> settings) {
    KafkaForTests broker = KafkaForTests.shared().freshTopics();
    this.artifacts = artifacts;
    this.settings = settings;
    this.kafka = new KafkaClients(KafkaConfig.of(broker.bootstrapServers()), "inference", metrics);
    this.producer = broker.clients("routes").producer("routes");
    this.routes = kafka.writer(producer, Topics.ROUTES);
    this.releases = kafka.writer(producer, Topics.RELEASES);
    this.service = begin();
  }

  private InferenceService begin() {
    InferenceConfig config =
        settings
            .apply(
                InferenceConfig.builder(new HttpConfig("127.0.0.1", 0, 64 * 1024))
                    .replicaId(ID)
                    .reportInterval(Duration.ofMillis(500)))
            .build();
    InferenceService made =
        new InferenceService(
            new ServiceContext(
                "inference", kafka, metrics, artifacts.store, health, InstantSource.system()),
            config);
    made.start();
    return made;
  }

  /// Stops the replica and starts another in its place.
  void restart() {
    service.close();
    metrics = Metrics.create();
    health = new Health();
    service = begin();
  }

  @Override
  public void close() {
    service.close();
    producer.close();
    http.close();
  }

  /// Writes a route and returns its epoch.
  long route(String task, @Nullable ReleaseTarget live, @Nullable Canary canary) {
    return route(task, live, canary, null);
  }

  long route(
      String task,
      @Nullable ReleaseTarget live,
      @Nullable Canary canary,
      @Nullable ReleaseTarget shadow) {
    long epoch = epochs.merge(task, 1L, Long::sum);
    var _ = routes.send(task, new Route(task, epoch, live, canary, shadow, Instant.now())).join();
    return epoch;
  }

  /// Writes a route and waits until it is followed.
  void routeAndWait(String task, @Nullable ReleaseTarget live, @Nullable Canary canary) {
    await(task, route(task, live, canary));
  }

  /// Waits until an epoch of a task's route is followed.
  void await(String task, long epoch) {
    Awaitility.await("route " + epoch + " of " + task)
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(5))
        .until(() -> service.residency().epochs().getOrDefault(task, 0L) >= epoch);
  }

  /// Writes that the registry knows releases in a state.
  void know(String task, ReleaseState state, List<ReleaseTarget> targets) {
    List<CompletableFuture<?>> sent = new ArrayList<>();
    for (ReleaseTarget target : targets) {
      sent.add(releases.send(target.getRelease(), TestArtifacts.release(task, target, state)));
    }
    sent.forEach(CompletableFuture::join);
  }

  /// References that requests hold, over all releases.
  int references() {
    return service.residency().resident().stream().mapToInt(ResidentRelease::references).sum();
  }

  URI uri(String path) {
    return service.uri().resolve(path);
  }

  static ObjectNode chat(String model, String question) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("model", model);
    body.putArray("messages").addObject().put("role", "user").put("content", question);
    body.put("temperature", 0);
    body.put("max_tokens", 12);
    return body;
  }

  HttpResponse<String> post(String path, JsonNode body) {
    return post(path, body.toString(), Map.of());
  }

  HttpResponse<String> post(String path, String body, Map<String, String> headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri(path))
            .timeout(Duration.ofSeconds(30))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body));
    headers.forEach(request::setHeader);
    return send(request.build());
  }

  HttpResponse<String> get(String path) {
    return send(HttpRequest.newBuilder(uri(path)).timeout(Duration.ofSeconds(30)).build());
  }

  HttpResponse<String> send(HttpRequest request) {
    try {
      return http.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  static JsonNode json(String text) {
    try {
      return Json.mapper().readTree(text);
    } catch (IOException e) {
      throw new UncheckedIOException(text, e);
    }
  }

  /// The completions recorded so far, by id.
  Map<String, Completion> completions() {
    Map<String, Completion> byId = new HashMap<>();
    for (TopicRecord<Completion> record : new TopicReader(kafka).readAll(Topics.COMPLETIONS)) {
      @Nullable Completion value = record.value();
      if (value != null && byId.put(value.getId(), value) != null) {
        throw new AssertionError("completion " + value.getId() + " was written twice");
      }
    }
    return byId;
  }

  /// Waits for the record of a completion.
  Completion completion(String id) {
    return Awaitility.await("completion " + id)
        .atMost(Duration.ofSeconds(20))
        .until(() -> completions().get(id), found -> found != null);
  }

  /// The value, which the test knows to be there.
  static <T> T present(@Nullable T value) {
    if (value == null) {
      throw new AssertionError("a value is missing");
    }
    return value;
  }

  /// What the replica has reported last; null when it has taken its record away.
  @Nullable Replica reported() {
    List<TopicRecord<Replica>> records = new TopicReader(kafka).readAll(Topics.REPLICAS);
    return records.isEmpty() ? null : records.getLast().value();
  }
}
