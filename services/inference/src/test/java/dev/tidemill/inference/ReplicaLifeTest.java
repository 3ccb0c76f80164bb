package dev.tidemill.inference;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.events.Canary;
import dev.tidemill.events.Completion;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.events.Replica;
import dev.tidemill.inference.serving.ResidentRelease;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.Engine;
import dev.tidemill.schemas.Sha256;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A replica's start, restart, overload and stop.
class ReplicaLifeTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final Duration SLOW = Duration.ofMinutes(1);

  @TempDir private Path work;

  @Test
  void answers503UntilThereIsARouteAndRebuildsItselfAfterARestart() {
    TestArtifacts artifacts = new TestArtifacts(work);
    long nothing = Engine.memory().liveBytes();
    try (TestReplica replica = new TestReplica(artifacts, config -> config)) {
      HttpResponse<String> early = replica.post(CHAT, TestReplica.chat("support", "hi"));
      OpenAiApiTest.assertError(early, 503, null, "service_unavailable");
      assertThat(early.headers().firstValue("Retry-After")).hasValue("1");

      String base = artifacts.base(1);
      ReleaseTarget live = TestArtifacts.target("support", base, artifacts.adapter(base, 1));
      ReleaseTarget trial = TestArtifacts.target("support", base, artifacts.adapter(base, 2));
      replica.routeAndWait("support", live, new Canary(trial, 0.5, "s"));
      replica.routeAndWait("empty", null, null);
      String before = replica.post(CHAT, TestReplica.chat("support", "hi")).body();
      OpenAiApiTest.assertError(
          replica.post(CHAT, TestReplica.chat("empty", "hi")), 503, null, "service_unavailable");

      replica.restart();
      Awaitility.await()
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(
              () ->
                  assertThat(replica.service.residency().resident())
                      .extracting(ResidentRelease::id)
                      .containsExactlyInAnyOrder(live.getRelease(), trial.getRelease()));
      ObjectNode pinned = TestReplica.chat(TestReplica.json(before).path("release").asText(), "hi");
      assertThat(answer(replica.post(CHAT, pinned).body())).isEqualTo(answer(before));
      assertThat(TestReplica.json(before).path("release").asText())
          .isIn(live.getRelease(), trial.getRelease());
      Awaitility.await().until(() -> replica.health.ready().ok());
      Awaitility.await()
          .untilAsserted(
              () -> {
                Replica reported = TestReplica.present(replica.reported());
                assertThat(reported.getEpochs()).isEqualTo(Map.of("support", 1L, "empty", 1L));
                assertThat(reported.getEndpoint())
                    .isEqualTo("http://127.0.0.1:" + replica.service.port());
              });
      replica.service.close();
      assertThat(replica.reported()).isNull();
      assertThat(Engine.memory().liveBytes()).isLessThanOrEqualTo(nothing);
    }
  }

  /// Room for 64 places, in a model that takes more.
  @Test
  void whatNeverFitsTheCachesIsRefusedAndAnAnswerEndsWhereTheyAreFull() {
    TestArtifacts artifacts = new TestArtifacts(work);
    DecoderConfig shape = artifacts.config();
    int places = 64;
    long bytes = 2L * shape.layers() * places * shape.kvHeads() * shape.headDim() * Float.BYTES;
    try (TestReplica replica = new TestReplica(artifacts, config -> config.kvCacheBytes(bytes))) {
      replica.routeAndWait(
          "support", TestArtifacts.target("support", artifacts.base(1), null), null);
      OpenAiApiTest.assertError(
          replica.post(CHAT, TestReplica.chat("support", "x ".repeat(places))),
          400,
          "messages",
          "context_length_exceeded");
      ObjectNode body = TestReplica.chat("support", "hi").put("max_tokens", 1_000);
      body.putObject("logit_bias").put(artifacts.end(), -100);
      JsonNode answer = TestReplica.json(replica.post(CHAT, body).body());
      assertThat(answer.at("/choices/0/finish_reason").asText()).isEqualTo("length");
      assertThat(answer.at("/usage/total_tokens").asInt()).isEqualTo(places);
    }
  }

  @Test
  void overflowIsRefusedWith429AndTheRestIsAnswered() {
    TestArtifacts artifacts = new TestArtifacts(work);
    try (TestReplica replica =
        new TestReplica(artifacts, config -> config.maxRunning(1).maxWaiting(2))) {
      replica.routeAndWait(
          "support", TestArtifacts.target("support", artifacts.base(1), null), null);
      ObjectNode body = TestReplica.chat("support", "hi").put("max_tokens", 100);
      List<CompletableFuture<HttpResponse<String>>> asked = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        asked.add(
            replica.http.sendAsync(
                HttpRequest.newBuilder(replica.uri(CHAT))
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
                    .build(),
                HttpResponse.BodyHandlers.ofString()));
      }
      int answered = 0;
      int refused = 0;
      for (CompletableFuture<HttpResponse<String>> one : asked) {
        HttpResponse<String> response = one.join();
        if (response.statusCode() == 200) {
          answered++;
        } else {
          OpenAiApiTest.assertError(response, 429, null, "rate_limit_exceeded");
          assertThat(response.headers().firstValue("Retry-After")).hasValue("1");
          refused++;
        }
      }
      assertThat(answered).isGreaterThanOrEqualTo(3);
      assertThat(refused).isPositive();
      assertThat(replica.references()).isZero();
      assertThat(
              replica
                  .metrics
                  .get("tidemill.inference.requests")
                  .tag("outcome", "overloaded")
                  .counter()
                  .count())
          .isEqualTo(refused);
    }
  }

  @Test
  void aClientOfAWholeAnswerThatHangsUpFreesItsPlaceAtOnce() throws Exception {
    TestArtifacts artifacts = new TestArtifacts(work);
    try (TestReplica replica =
        new TestReplica(artifacts, config -> config.maxRunning(1).pingInterval(SLOW))) {
      replica.routeAndWait(
          "support", TestArtifacts.target("support", artifacts.base(1), null), null);
      ObjectNode asked = TestReplica.chat("support", "hi").put("max_tokens", 150);
      // Else an answer may end by itself before it is seen.
      asked.putObject("logit_bias").put(artifacts.end(), -100);
      String body = asked.toString();
      for (int i = 0; i < 20; i++) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), replica.service.port())) {
          String request =
              "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
                  .formatted(CHAT, body.length(), body);
          socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
          Awaitility.await()
              .pollInterval(Duration.ofMillis(1))
              .until(() -> replica.references() == 1);
        }
      }
      Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> replica.references() == 0);
      Awaitility.await()
          .untilAsserted(
              () ->
                  assertThat(replica.completions().values())
                      .hasSize(20)
                      .extracting(Completion::getFinishReason)
                      .contains("cancelled"));
    }
  }

  @Test
  void stopFinishesWhatIsUnderWayAndRecordsIt() {
    TestArtifacts artifacts = new TestArtifacts(work);
    try (TestReplica replica = new TestReplica(artifacts, config -> config.maxRunning(1))) {
      replica.routeAndWait(
          "support", TestArtifacts.target("support", artifacts.base(1), null), null);
      ObjectNode body = TestReplica.chat("support", "hi").put("max_tokens", 40);
      List<CompletableFuture<HttpResponse<String>>> asked = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        asked.add(CompletableFuture.supplyAsync(() -> replica.post(CHAT, body)));
      }
      Awaitility.await().pollInterval(Duration.ofMillis(1)).until(() -> replica.references() >= 2);
      replica.service.close();
      Map<String, Completion> records = replica.completions();
      int answered = 0;
      for (CompletableFuture<HttpResponse<String>> one : asked) {
        HttpResponse<String> response = settled(one);
        if (response != null && response.statusCode() == 200) {
          assertThat(records).containsKey(TestReplica.json(response.body()).path("id").asText());
          answered++;
        }
      }
      assertThat(answered).isGreaterThanOrEqualTo(2).isEqualTo(records.size());
      assertThat(records.values()).extracting(Completion::getFinishReason).containsOnly("length");
    }
  }

  @Test
  void answerThatTakesTooLongIsCutOffAndRecorded() {
    TestArtifacts artifacts = new TestArtifacts(work);
    try (TestReplica replica =
        new TestReplica(artifacts, config -> config.requestTimeout(Duration.ofNanos(1)))) {
      replica.routeAndWait(
          "support", TestArtifacts.target("support", artifacts.base(1), null), null);
      OpenAiApiTest.assertError(
          replica.post(CHAT, TestReplica.chat("support", "hi")), 504, null, "deadline_exceeded");
      Awaitility.await()
          .untilAsserted(
              () ->
                  assertThat(replica.completions().values())
                      .extracting(Completion::getFinishReason)
                      .containsExactly("error"));
    }
  }

  @Test
  void keysAreAskedForWhenThereAreSome() {
    TestArtifacts artifacts = new TestArtifacts(work);
    String digest = Sha256.hex("open sesame".getBytes(StandardCharsets.UTF_8));
    try (TestReplica replica =
        new TestReplica(artifacts, config -> config.apiKeys(Map.of("helpdesk", List.of(digest))))) {
      replica.routeAndWait(
          "support", TestArtifacts.target("support", artifacts.base(1), null), null);
      String body = TestReplica.chat("support", "hi").toString();
      OpenAiApiTest.assertError(replica.post(CHAT, body, Map.of()), 401, null, "invalid_api_key");
      OpenAiApiTest.assertError(
          replica.post(CHAT, body, Map.of("Authorization", "Bearer wrong")),
          401,
          null,
          "invalid_api_key");
      OpenAiApiTest.assertError(replica.get("/v1/models"), 401, null, "invalid_api_key");
      HttpResponse<String> response =
          replica.post(CHAT, body, Map.of("Authorization", "Bearer open sesame"));
      assertThat(response.statusCode()).isEqualTo(200);
      assertThat(
              replica
                  .completion(TestReplica.json(response.body()).path("id").asText())
                  .getProducer())
          .isEqualTo("helpdesk");
    }
  }

  private static String answer(String body) {
    return TestReplica.json(body).at("/choices/0/message/content").asText();
  }

  private static @Nullable HttpResponse<String> settled(
      CompletableFuture<HttpResponse<String>> asked) {
    // A request that came after the port was let go has no answer at all.
    return asked.exceptionally(refused -> null).join();
  }
}
