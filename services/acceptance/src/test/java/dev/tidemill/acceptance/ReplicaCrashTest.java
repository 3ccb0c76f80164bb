package dev.tidemill.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tidemill.events.Canary;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.events.Replica;
import dev.tidemill.events.ResidentRelease;
import dev.tidemill.events.Route;
import dev.tidemill.inference.Main;
import dev.tidemill.platform.http.Json;
import dev.tidemill.platform.kafka.TopicReader;
import dev.tidemill.platform.kafka.TopicRecord;
import dev.tidemill.schemas.ReleaseId;
import dev.tidemill.schemas.Topics;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.producer.Producer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A replica that is killed with `kill -9` in the middle of answers is only started again: it has
/// the same routes as before, and those that changed while it was dead, without a request or
/// anybody else calling it.
@Timeout(120)
class ReplicaCrashTest {
  private static final String BILLING = "billing";
  private static final Duration LIMIT = Duration.ofSeconds(40);

  @TempDir private Path folder;

  private final HttpClient http = HttpClient.newHttpClient();
  private int starts;

  @Test
  void aKilledReplicaServesWhatTheRoutesNameAgain() throws Exception {
    try (TuningGround ground = new TuningGround(folder)) {
      String support = ReleaseId.of(TuningGround.TASK, ground.base(), null);
      String billing = ReleaseId.of(BILLING, ground.base(), null);
      route(ground, 4, null);
      int port = freePort();
      Instant firstStart;
      JsonNode before;
      try (Child replica = start(ground, port)) {
        Replica report =
            awaitReport(replica, ground, Instant.MIN, Map.of(TuningGround.TASK, 1L, BILLING, 4L));
        firstStart = report.getStartedAt();
        before = answer(port, TuningGround.TASK);
        assertThat(before.path("release").asText()).isEqualTo(support);
        killWhileItAnswers(replica, port);
      }
      // The change is told by its epoch; the canary is the live release itself.
      route(ground, 5, new Canary(new ReleaseTarget(billing, ground.base(), null), 0.5, "salt"));
      try (Child replica = start(ground, port)) {
        Replica report =
            awaitReport(replica, ground, firstStart, Map.of(TuningGround.TASK, 1L, BILLING, 5L));
        assertThat(report.getRefused()).isEmpty();
        assertThat(report.getResident())
            .extracting(ResidentRelease::getRelease)
            .containsExactlyInAnyOrder(support, billing);
        assertThat(report.getResident())
            .allSatisfy(
                resident -> {
                  assertThat(resident.getPinned()).isTrue();
                  assertThat(resident.getReferences()).isZero();
                });
        JsonNode after = answer(port, TuningGround.TASK);
        assertThat(after.path("release").asText()).isEqualTo(support);
        assertThat(after.at("/choices/0/message/content"))
            .isEqualTo(before.at("/choices/0/message/content"));
        assertThat(answer(port, BILLING).path("release").asText()).isEqualTo(billing);
      }
    }
  }

  /// Eight answers at once, of which the client has seen the first token when the process dies.
  private void killWhileItAnswers(Child replica, int port) throws Exception {
    HttpRequest ask =
        request(port, TuningGround.TASK, "\"n\": 8, \"max_tokens\": 64, \"stream\": true");
    HttpResponse<InputStream> response = http.send(ask, HttpResponse.BodyHandlers.ofInputStream());
    try (BufferedReader events =
        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      assertThat(events.readLine()).startsWith("data: {");
      replica.kill();
      assertThatThrownBy(
              () -> {
                while (events.readLine() != null) {
                  // What was under way when it died.
                }
              })
          .as("the end of the stream")
          .isInstanceOf(IOException.class);
    }
  }

  private static void route(TuningGround ground, long epoch, @Nullable Canary canary) {
    try (Producer<String, byte[]> producer = ground.clients().producer("acceptance")) {
      String release = ReleaseId.of(BILLING, ground.base(), null);
      Route route =
          Route.newBuilder()
              .setTask(BILLING)
              .setEpoch(epoch)
              .setLive(new ReleaseTarget(release, ground.base(), null))
              .setCanary(canary)
              .setUpdatedAt(Instant.now())
              .build();
      ground.clients().writer(producer, Topics.ROUTES).send(BILLING, route).join();
    }
  }

  /// The report of a process that was started after this, and that has followed all routes.
  private static Replica awaitReport(
      Child replica, TuningGround ground, Instant after, Map<String, Long> epochs) {
    return Objects.requireNonNull(
        Awaitility.await("report of a replica that has followed " + epochs)
            .atMost(LIMIT)
            .pollInterval(Duration.ofMillis(100))
            .until(
                () -> {
                  replica.assertAlive();
                  return newest(ground);
                },
                report ->
                    report != null
                        && report.getStartedAt().isAfter(after)
                        && report.getEpochs().equals(epochs)));
  }

  private static @Nullable Replica newest(TuningGround ground) {
    List<TopicRecord<Replica>> records = new TopicReader(ground.clients()).readAll(Topics.REPLICAS);
    return records.isEmpty() ? null : records.getLast().value();
  }

  private JsonNode answer(int port, String task) throws Exception {
    HttpResponse<String> response =
        http.send(
            request(port, task, "\"temperature\": 0, \"max_tokens\": 16"),
            HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return Json.mapper().readTree(response.body());
  }

  private static HttpRequest request(int port, String task, String more) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/v1/chat/completions"))
        .timeout(LIMIT)
        .header("Content-Type", "application/json")
        .POST(
            HttpRequest.BodyPublishers.ofString(
                """
                {"model": "%s", %s, "messages": [{"role": "user", "content": "the tide?"}]}
                """
                    .formatted(task, more)))
        .build();
  }

  private Child start(TuningGround ground, int port) throws IOException {
    starts++;
    Path config = folder.resolve("inference-" + starts + ".yaml");
    Files.writeString(
        config,
        """
        %sinference: {http: {port: %d}, replica_id: replica, report_interval: 500ms}
        """
            .formatted(ground.sharedSettings(), port));
    return Child.start(
        folder,
        "inference-" + starts,
        List.of(),
        List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m"),
        Main.class,
        List.of("--config", config.toString()));
  }

  private static int freePort() throws IOException {
    try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return probe.getLocalPort();
    }
  }
}
