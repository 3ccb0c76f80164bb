package dev.tidemill.registry;

import static dev.tidemill.registry.Records.adapter;
import static dev.tidemill.registry.Records.base;
import static dev.tidemill.registry.Records.decision;
import static dev.tidemill.registry.Records.idOf;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tidemill.broker.KafkaForTests;
import dev.tidemill.events.Action;
import dev.tidemill.events.AppliedErasure;
import dev.tidemill.events.Candidate;
import dev.tidemill.events.Decision;
import dev.tidemill.events.OffsetRange;
import dev.tidemill.events.Release;
import dev.tidemill.events.Route;
import dev.tidemill.events.SourcePosition;
import dev.tidemill.platform.ServiceContext;
import dev.tidemill.platform.artifact.DirectoryArtifactStore;
import dev.tidemill.platform.config.ArtifactsConfig;
import dev.tidemill.platform.config.HttpConfig;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.http.Json;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicReader;
import dev.tidemill.platform.kafka.TopicRecord;
import dev.tidemill.schemas.Topics;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.Producer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The registry on a real broker.
class RegistryServiceTest {
  // An instance that takes over from one that still runs waits for its group to move on.
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String TASK = "support";

  @TempDir Path directory;

  private final HttpClient http = HttpClient.newHttpClient();
  private KafkaClients kafka;
  private Producer<String, byte[]> producer;
  private RegistryService service;
  private MeterRegistry metrics;
  private Health health;

  @BeforeEach
  void startRegistry() {
    KafkaForTests broker = KafkaForTests.shared();
    broker.freshTopics();
    kafka = broker.clients("test");
    producer = kafka.producer("inputs");
    startAgain();
  }

  @AfterEach
  void stop() {
    service.close();
    producer.close();
    assertThat(health.firstFailure()).isNotDone();
  }

  @Test
  void releasesGoTheirWayAndTheApiShowsIt() throws Exception {
    Candidate base = base(true, "base", TASK);
    String first = idOf(base, TASK);
    publish(base);
    decide(decision(TASK, first, Action.PROMOTE, 1));
    awaitEpoch(1);

    Candidate refused = adapter(false, "a", 1, TASK);
    String second = idOf(refused, TASK);
    publish(refused);
    awaitState(second, "rejected");

    HttpResponse<String> approved =
        post("/v1/releases/" + second + "/approve", "{\"operator\":\"ann\",\"reason\":\"try\"}");
    assertThat(approved.statusCode()).isEqualTo(200);
    assertThat(Json.mapper().readTree(approved.body()).get("state").asText())
        .isEqualTo("evaluated");

    decide(decision(TASK, second, Action.START_CANARY, 0.1));
    awaitEpoch(2);
    decide(decision(TASK, second, Action.PROMOTE, 1));
    JsonNode route = awaitEpoch(3);
    assertThat(route.at("/live/release").asText()).isEqualTo(second);
    assertThat(route.has("canary")).isFalse();

    JsonNode encoded = get("/v1/releases/" + URLEncoder.encode(second, StandardCharsets.UTF_8));
    assertThat(encoded.get("id").asText()).isEqualTo(second);
    JsonNode lineage = get("/v1/releases/" + second + "/lineage").get("lineage");
    assertThat(lineage.findValuesAsText("id"))
        .containsExactly("tuner/support#1", "pretrainer/main#1");
    assertThat(lineage.at("/0/windows/0/to_offset").asLong()).isEqualTo(100);
    assertThat(get("/v1/releases?task=support&state=retired").at("/releases/0/id").asText())
        .isEqualTo(first);
    assertThat(get("/v1/releases?task=other").get("releases")).isEmpty();
    assertThat(get("/v1/routes").at("/routes/0/epoch").asLong()).isEqualTo(3);

    HttpResponse<String> back =
        post("/v1/tasks/support/rollback", "{\"operator\":\"ann\",\"reason\":\"worse\"}");
    assertThat(back.statusCode()).isEqualTo(200);
    assertThat(Json.mapper().readTree(back.body()).at("/live/release").asText()).isEqualTo(first);
    assertThat(metrics.get("tidemill.registry.releases").tag("state", "live").gauge().value())
        .isEqualTo(1);
    assertThat(metrics.get("tidemill.registry.freshness").tag("state", "live").timer().count())
        .isEqualTo(2);
  }

  @Test
  void aNewInstanceRebuildsTheImageAndRedeliveryChangesNothing() throws Exception {
    Candidate base = base(true, "base", TASK, "sales");
    String first = idOf(base, TASK);
    publish(base);
    decide(decision(TASK, first, Action.PROMOTE, 1));
    awaitEpoch(1);
    JsonNode releases = get("/v1/releases");
    JsonNode routes = get("/v1/routes");
    int written = written();

    // Nothing but the topics outlives an instance, so a stop here is a kill between the
    // transaction and the image.
    service.close();
    publish(base);
    publish(decision(TASK, first, Action.PROMOTE, 1));
    startAgain();
    Awaitility.await()
        .atMost(PATIENCE)
        .until(
            () ->
                metrics
                        .get("tidemill.registry.ignored")
                        .tag("reason", "redelivered")
                        .counter()
                        .count()
                    == 2);

    assertThat(get("/v1/releases")).isEqualTo(releases);
    assertThat(get("/v1/routes")).isEqualTo(routes);
    assertThat(written()).isEqualTo(written);
  }

  @Test
  void anAppliedErasureQuarantinesWhatContainsItAndOutlivesTheInstance() throws Exception {
    Candidate base = base(true, "base", TASK);
    Candidate clean =
        Candidate.newBuilder(base)
            .setWindows(List.of(new OffsetRange("tidemill.documents.curated", 0, 0L, 100L)))
            .build();
    String first = idOf(clean, TASK);
    publish(clean);
    decide(decision(TASK, first, Action.PROMOTE, 1));
    Candidate adapter = adapter(true, "a", 1, TASK);
    String second = idOf(adapter, TASK);
    publish(adapter);
    awaitEpoch(1);
    decide(decision(TASK, second, Action.START_CANARY, 0.1));
    awaitEpoch(2);
    decide(decision(TASK, second, Action.PROMOTE, 1));
    awaitEpoch(3);

    Path kept = artifactFolder(clean);
    Path removed = artifactFolder(adapter);
    kafka
        .writer(producer, Topics.APPLIED_ERASURES)
        .send(
            "ann",
            new AppliedErasure(
                "e1",
                "ann",
                List.of(new SourcePosition("tidemill.examples", 0, 7L)),
                Map.of(),
                Records.NEWEST,
                Records.NEWEST))
        .get();

    JsonNode route = awaitEpoch(4);
    assertThat(route.at("/live/release").asText()).isEqualTo(first);
    JsonNode erasure = get("/v1/erasures/e1");
    assertThat(erasure.toString()).doesNotContain("ann");
    assertThat(erasure.get("applied_at").asText()).isEqualTo(Records.NEWEST.toString());
    assertThat(erasure.at("/releases/0/id").asText()).isEqualTo(second);
    assertThat(erasure.at("/releases/0/state").asText()).isEqualTo("quarantined");
    assertThat(get("/v1/releases?state=quarantined").at("/releases/0/id").asText())
        .isEqualTo(second);
    refused(404, "no erasure with the id e2 is applied", "GET", "/v1/erasures/e2", "");
    refused(
        409,
        "it is QUARANTINED",
        "POST",
        "/v1/releases/" + second + "/approve",
        "{\"operator\":\"ann\",\"reason\":\"x\"}");

    Awaitility.await().atMost(PATIENCE).until(() -> Files.notExists(removed));
    assertThat(kept).exists();

    service.close();
    Candidate next = adapter(true, "a", 2, TASK);
    publish(next);
    startAgain();
    awaitState(idOf(next, TASK), "quarantined");
    assertThat(get("/v1/erasures").at("/erasures/0/releases")).hasSize(2);
    assertThat(metrics.get("tidemill.registry.erasures").gauge().value()).isEqualTo(1);
  }

  @Test
  void theOldInstanceIsFencedByTheNewOne() throws Exception {
    RegistryService old = service;
    startAgain();
    try (old) {
      Candidate base = base(true, "base", TASK);
      publish(base);
      decide(decision(TASK, idOf(base, TASK), Action.PROMOTE, 1));
      awaitEpoch(1);
      assertThat(new TopicReader(kafka).readAll(Topics.ROUTES)).hasSize(1);
    }
  }

  @Test
  void badInputIsNamedAndTheLoopGoesOn() throws Exception {
    producer
        .send(
            new org.apache.kafka.clients.producer.ProducerRecord<>(
                Topics.CANDIDATES.name(), "x", "not avro".getBytes(StandardCharsets.UTF_8)))
        .get();
    Candidate base = base(true, "base", TASK);
    String first = idOf(base, TASK);
    publish(base);
    decide(decision(TASK, first, Action.PROMOTE, 1));
    awaitEpoch(1);
    String sound = "{\"operator\":\"ann\",\"reason\":\"x\"}";
    String approve = "/v1/releases/" + first + "/approve";
    String rollback = "/v1/tasks/support/rollback";

    refused(404, "no release has the id nope", "GET", "/v1/releases/nope", "");
    refused(404, "no release has the id nope", "GET", "/v1/releases/nope/lineage", "");
    refused(404, "no task nope has a route", "GET", "/v1/routes/nope", "");
    refused(404, "no release has the id nope", "POST", "/v1/releases/nope/approve", sound);
    refused(404, "no task nope has a route", "POST", "/v1/tasks/nope/rollback", sound);
    refused(400, "state must be one of", "GET", "/v1/releases?state=asleep", "");
    refused(409, "it is LIVE", "POST", approve, sound);
    refused(409, "has none to return to", "POST", rollback, sound);
    refused(400, "operator", "POST", approve, "{\"reason\":\"x\"}");
    refused(400, "reason", "POST", rollback, "{\"operator\":\"ann\",\"reason\":\" \"}");
    refused(400, "colour", "POST", rollback, "{\"operator\":\"a\",\"colour\":1,\"reason\":\"x\"}");
    refused(400, "operator must be a string", "POST", rollback, "{\"operator\":1}");
    refused(400, "JSON", "POST", rollback, "{");
    refused(400, "no body", "POST", rollback, "");
    assertThat(get("/v1/routes/support").get("epoch").asLong()).isEqualTo(1);
  }

  private void startAgain() {
    metrics = new SimpleMeterRegistry();
    health = new Health();
    ServiceContext context =
        new ServiceContext(
            "registry",
            kafka,
            metrics,
            DirectoryArtifactStore.of(new ArtifactsConfig(directory, null, List.of())),
            health,
            InstantSource.system());
    service =
        new RegistryService(
            context,
            new RegistryConfig(
                HttpConfig.of("127.0.0.1", 0),
                Duration.ofSeconds(30),
                new RegistryConfig.Quarantine(Duration.ZERO)));
    service.start();
  }

  private void publish(Candidate candidate) throws Exception {
    kafka.writer(producer, Topics.CANDIDATES).send(candidate.getLineage(), candidate).get();
  }

  // Sent once the release is known, as rollout does: the two topics have no common order.
  private void decide(Decision decision) throws Exception {
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> send("GET", "/v1/releases/" + decision.getRelease(), "").statusCode() == 200);
    publish(decision);
  }

  private void publish(Decision decision) throws Exception {
    kafka.writer(producer, Topics.DECISIONS).send(decision.getTask(), decision).get();
  }

  private Path artifactFolder(Candidate candidate) throws IOException {
    String hex = candidate.getArtifact().substring("sha256:".length());
    Path artifact = Files.createDirectories(directory.resolve("sha256").resolve(hex));
    Files.writeString(artifact.resolve("weights"), "w");
    return artifact;
  }

  private int written() {
    TopicReader reader = new TopicReader(kafka);
    List<TopicRecord<Release>> releases = reader.readAll(Topics.RELEASES);
    List<TopicRecord<Route>> routes = reader.readAll(Topics.ROUTES);
    return releases.size() + routes.size();
  }

  private JsonNode awaitEpoch(long epoch) throws Exception {
    Awaitility.await()
        .atMost(PATIENCE)
        .until(
            () -> {
              HttpResponse<String> answer = send("GET", "/v1/routes/" + TASK, "");
              return answer.statusCode() == 200
                  && Json.mapper().readTree(answer.body()).get("epoch").asLong() == epoch;
            });
    return get("/v1/routes/" + TASK);
  }

  private void awaitState(String release, String state) {
    Awaitility.await()
        .atMost(PATIENCE)
        .until(
            () -> {
              HttpResponse<String> answer = send("GET", "/v1/releases/" + release, "");
              return answer.statusCode() == 200
                  && Json.mapper().readTree(answer.body()).get("state").asText().equals(state);
            });
  }

  private JsonNode get(String path) throws Exception {
    HttpResponse<String> answer = send("GET", path, "");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return Json.mapper().readTree(answer.body());
  }

  private HttpResponse<String> post(String path, String body) throws Exception {
    return send("POST", path, body);
  }

  private void refused(int status, String detail, String method, String path, String body)
      throws Exception {
    HttpResponse<String> answer = send(method, path, body);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(answer.headers().firstValue("content-type").orElse(""))
        .startsWith("application/problem+json");
    assertThat(Json.mapper().readTree(answer.body()).get("detail").asText()).contains(detail);
  }

  private HttpResponse<String> send(String method, String path, String body) throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + service.port() + path))
            .header("Content-Type", "application/json")
            .method(
                method,
                body.isEmpty()
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }
}
