package dev.tidemill.inference;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.events.Arm;
import dev.tidemill.events.Canary;
import dev.tidemill.events.Completion;
import dev.tidemill.events.Message;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.inference.domain.StickyArm;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The API as clients see it, on one live task and one with a canary.
class OpenAiApiTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final double WEIGHT = 0.3;

  @TempDir private static Path work;

  private static TestReplica replica;
  private static ReleaseTarget live;
  private static ReleaseTarget canary;

  @BeforeAll
  static void start() {
    TestArtifacts artifacts = new TestArtifacts(work);
    replica = new TestReplica(artifacts, config -> config);
    String base = artifacts.base(1);
    live = TestArtifacts.target("support", base, null);
    replica.routeAndWait("support", live, null);
    ReleaseTarget liveOfTrial = TestArtifacts.target("trial", base, null);
    canary = TestArtifacts.target("trial", base, artifacts.adapter(base, 11));
    replica.routeAndWait("trial", liveOfTrial, new Canary(canary, WEIGHT, "salt"));
  }

  @AfterAll
  static void stop() {
    replica.close();
  }

  @Test
  void releaseIsNamedInHeaderBodyAndRecord() {
    ObjectNode body = TestReplica.chat("support", "who are you?");
    body.put("user", "anna");
    HttpResponse<String> response = replica.post(CHAT, body);
    assertThat(response.statusCode()).isEqualTo(200);
    JsonNode answer = TestReplica.json(response.body());
    String release = live.getRelease();
    assertThat(response.headers().firstValue("X-Tidemill-Release")).hasValue(release);
    assertThat(answer.path("release").asText()).isEqualTo(release);
    assertThat(answer.path("system_fingerprint").asText()).isEqualTo(release);
    assertThat(answer.path("object").asText()).isEqualTo("chat.completion");
    assertThat(answer.path("model").asText()).isEqualTo("support");
    assertThat(answer.at("/choices/0/message/role").asText()).isEqualTo("assistant");
    assertThat(answer.at("/usage/total_tokens").asInt())
        .isEqualTo(
            answer.at("/usage/prompt_tokens").asInt()
                + answer.at("/usage/completion_tokens").asInt());

    Completion record = replica.completion(answer.path("id").asText());
    assertThat(record.getRelease()).isEqualTo(release);
    assertThat(record.getBase()).isEqualTo(live.getBase());
    assertThat(record.getAdapter()).isNull();
    assertThat(record.getArm()).isEqualTo(Arm.LIVE);
    assertThat(record.getTask()).isEqualTo("support");
    assertThat(record.getReplica()).isEqualTo(TestReplica.ID);
    assertThat(record.getSubject()).isEqualTo("anna");
    assertThat(record.getProducer()).isEqualTo("anonymous");
    assertThat(record.getPrompt()).containsExactly(new Message("user", "who are you?"));
    assertThat(record.getAnswer()).isEqualTo(content(answer)).isNotEmpty();
    assertThat(record.getFinishReason()).isEqualTo(answer.at("/choices/0/finish_reason").asText());
    assertThat(record.getCompletionTokens())
        .isEqualTo(answer.at("/usage/completion_tokens").asInt());
    assertThat(record.getTimeToFirstTokenSeconds())
        .isPositive()
        .isLessThanOrEqualTo(record.getDurationSeconds());
  }

  @Test
  void streamingGivesTheSameAnswer() {
    for (double temperature : new double[] {0, 1}) {
      ObjectNode body = TestReplica.chat("support", "tell me about the tide");
      body.put("temperature", temperature).put("seed", 42).put("max_tokens", 30);
      String whole = content(TestReplica.json(replica.post(CHAT, body).body()));
      body.put("stream", true);
      body.putObject("stream_options").put("include_usage", true);
      HttpResponse<String> response = replica.post(CHAT, body);
      assertThat(response.headers().firstValue("Content-Type").orElse(""))
          .startsWith("text/event-stream");
      assertThat(response.headers().firstValue("X-Tidemill-Release")).hasValue(live.getRelease());
      List<JsonNode> chunks = chunks(response.body());
      StringBuilder text = new StringBuilder();
      for (JsonNode chunk : chunks) {
        assertThat(chunk.path("release").asText()).isEqualTo(live.getRelease());
        assertThat(chunk.path("object").asText()).isEqualTo("chat.completion.chunk");
        text.append(chunk.at("/choices/0/delta/content").asText(""));
      }
      assertThat(text.toString()).isEqualTo(whole).isNotEmpty();
      assertThat(chunks.getFirst().at("/choices/0/delta/role").asText()).isEqualTo("assistant");
      assertThat(chunks.get(chunks.size() - 2).at("/choices/0/finish_reason").asText())
          .isEqualTo("length");
      assertThat(chunks.getLast().at("/usage/completion_tokens").asInt()).isEqualTo(30);
      assertThat(chunks.getLast().path("choices")).isEmpty();
      assertThat(replica.completion(chunks.getFirst().path("id").asText()).getAnswer())
          .isEqualTo(whole);
    }
  }

  @Test
  void textCompletionsStreamToo() {
    String asked =
        """
        {"model": "support", "prompt": "The tide turns", "temperature": 0, "max_tokens": 20}
        """;
    JsonNode whole = TestReplica.json(replica.post("/v1/completions", asked, Map.of()).body());
    assertThat(whole.path("object").asText()).isEqualTo("text_completion");
    assertThat(whole.path("id").asText()).startsWith("cmpl-");
    String text = whole.at("/choices/0/text").asText();
    assertThat(text).isNotEmpty();
    ObjectNode body = (ObjectNode) TestReplica.json(asked);
    body.put("stream", true);
    StringBuilder streamed = new StringBuilder();
    for (JsonNode chunk : chunks(replica.post("/v1/completions", body).body())) {
      streamed.append(chunk.at("/choices/0/text").asText());
    }
    assertThat(streamed.toString()).isEqualTo(text);
  }

  @Test
  void stopTextEndsTheAnswerBeforeItAppears() {
    ObjectNode body = TestReplica.chat("support", "stop somewhere");
    body.put("max_tokens", 40);
    String whole = content(TestReplica.json(replica.post(CHAT, body).body()));
    String stop = whole.substring(whole.length() / 2, whole.length() / 2 + 2);
    body.put("stop", stop);
    JsonNode cut = TestReplica.json(replica.post(CHAT, body).body());
    assertThat(content(cut)).isEqualTo(whole.substring(0, whole.indexOf(stop)));
    assertThat(cut.at("/choices/0/finish_reason").asText()).isEqualTo("stop");
  }

  @Test
  void answerIsBoundedByTheContext() {
    ObjectNode body = TestReplica.chat("support", "go on");
    body.put("max_tokens", 1_000_000).put("temperature", 0);
    JsonNode answer = TestReplica.json(replica.post(CHAT, body).body());
    assertThat(answer.at("/usage/total_tokens").asInt()).isEqualTo(TestArtifacts.CONTEXT);
    assertThat(answer.at("/choices/0/finish_reason").asText()).isEqualTo("length");
  }

  @Test
  void usersStickToTheirArmInTheRightShare() {
    int users = 300;
    List<String> ids = new ArrayList<>();
    int canaries = 0;
    for (int i = 0; i < users; i++) {
      ObjectNode body = TestReplica.chat("trial", "hi");
      body.put("user", "user-" + i).put("max_tokens", 1);
      HttpResponse<String> response = replica.post(CHAT, body);
      boolean isCanary =
          response
              .headers()
              .firstValue("X-Tidemill-Release")
              .orElseThrow()
              .equals(canary.getRelease());
      assertThat(isCanary).isEqualTo(StickyArm.isCanary(WEIGHT, "salt", "user-" + i));
      canaries += isCanary ? 1 : 0;
      ids.add(TestReplica.json(response.body()).path("id").asText());
    }
    double deviation = Math.sqrt(WEIGHT * (1 - WEIGHT) * users);
    assertThat((double) canaries)
        .isBetween(users * WEIGHT - 4 * deviation, users * WEIGHT + 4 * deviation);
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> replica.completions().keySet().containsAll(ids));
    Map<String, Completion> records = replica.completions();
    for (int i = 0; i < users; i++) {
      boolean expected = StickyArm.isCanary(WEIGHT, "salt", "user-" + i);
      assertThat(records.get(ids.get(i)))
          .extracting(Completion::getArm)
          .isEqualTo(expected ? Arm.CANARY : Arm.LIVE);
    }
  }

  @Test
  void sessionHeaderSticksWhenThereIsNoUser() {
    ObjectNode body = TestReplica.chat("trial", "hi");
    body.put("max_tokens", 1);
    for (int i = 0; i < 20; i++) {
      HttpResponse<String> response =
          replica.post(CHAT, body.toString(), Map.of("X-Session-Id", "session-" + i));
      assertThat(response.headers().firstValue("X-Tidemill-Release").orElseThrow())
          .isEqualTo(
              StickyArm.isCanary(WEIGHT, "salt", "session-" + i)
                  ? canary.getRelease()
                  : TestArtifacts.target("trial", live.getBase(), null).getRelease());
    }
  }

  @Test
  void pinnedReleaseAnswersAndUnknownOnesAreNotFound() {
    ObjectNode body = TestReplica.chat(canary.getRelease(), "hi");
    JsonNode answer = TestReplica.json(replica.post(CHAT, body).body());
    assertThat(answer.path("release").asText()).isEqualTo(canary.getRelease());
    assertThat(replica.completion(answer.path("id").asText()).getArm()).isEqualTo(Arm.PINNED);

    String missing = "trial@sha256:" + "0".repeat(64);
    assertError(
        replica.post(CHAT, TestReplica.chat(missing, "hi")), 404, "model", "model_not_found");
    assertError(
        replica.post(CHAT, TestReplica.chat("nobody", "hi")), 404, "model", "model_not_found");
  }

  @Test
  void modelsAreTasksAndTheirReleases() {
    JsonNode list = TestReplica.json(replica.get("/v1/models").body());
    assertThat(list.path("object").asText()).isEqualTo("list");
    assertThat(list.path("data").findValuesAsText("id"))
        .containsExactly(
            "support",
            live.getRelease(),
            "trial",
            TestArtifacts.target("trial", live.getBase(), null).getRelease(),
            canary.getRelease());
    JsonNode trial = TestReplica.json(replica.get("/v1/models/trial").body());
    assertThat(trial.at("/releases/1/release").asText()).isEqualTo(canary.getRelease());
    assertThat(trial.at("/releases/1/arm").asText()).isEqualTo("canary");
    assertThat(trial.at("/releases/1/weight").asDouble()).isEqualTo(WEIGHT);
    assertThat(trial.at("/releases/0/arm").asText()).isEqualTo("live");
    assertError(replica.get("/v1/models/nobody"), 404, "model", "model_not_found");
  }

  @Test
  void errorsHaveOpenAisShape() {
    assertError(replica.post(CHAT, "{\"model\": ", Map.of()), 400, null, "invalid_json");
    assertError(replica.post(CHAT, "", Map.of()), 400, null, "invalid_request");
    ObjectNode wrong = TestReplica.chat("support", "hi");
    wrong.put("temperature", "hot");
    assertError(replica.post(CHAT, wrong), 400, "temperature", "invalid_value");
    ObjectNode unserved = TestReplica.chat("support", "hi");
    unserved.put("reasoning_effort", "high");
    assertError(replica.post(CHAT, unserved), 400, "reasoning_effort", "unsupported_parameter");
    ObjectNode typo = TestReplica.chat("support", "hi");
    typo.put("temprature", 1);
    assertError(replica.post(CHAT, typo), 400, "temprature", "unknown_parameter");
    assertError(
        replica.post(CHAT, TestReplica.chat("support", "x ".repeat(2_000))),
        400,
        "messages",
        "context_length_exceeded");
    assertError(
        replica.post(CHAT, TestReplica.chat("support", "x".repeat(100_000))),
        413,
        null,
        "request_too_large");
    assertError(replica.get("/v1/nothing"), 404, null, "not_found");
    assertError(replica.get(CHAT), 405, null, "method_not_allowed");
    assertError(
        replica.post(CHAT, "x", Map.of("Content-Type", "text/plain")),
        415,
        null,
        "unsupported_media_type");
  }

  @Test
  void clientThatHangsUpEndsItsAnswer() throws IOException, InterruptedException {
    ObjectNode body = TestReplica.chat("support", "a long story");
    body.put("stream", true).put("max_tokens", TestArtifacts.CONTEXT);
    String id = hangUp(body);
    Completion record = replica.completion(id);
    // The engine may have been faster than the hang-up; an answer cut off says so.
    assertThat(record.getFinishReason()).isIn("cancelled", "length", "stop");
    Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> replica.references() == 0);
  }

  /// Reads one event, closes the connection, and returns the completion's id.
  private static String hangUp(ObjectNode body) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(replica.uri(CHAT))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
            .build();
    HttpResponse<InputStream> response =
        replica.http.send(request, HttpResponse.BodyHandlers.ofInputStream());
    try (InputStream stream = response.body()) {
      StringBuilder line = new StringBuilder();
      for (int c = stream.read(); c >= 0 && c != '\n'; c = stream.read()) {
        line.append((char) c);
      }
      return TestReplica.json(line.substring(line.indexOf("{"))).path("id").asText();
    }
  }

  @Test
  void metricsTellWhatWasServed() {
    replica.post(CHAT, TestReplica.chat("support", "count me"));
    String scrape = replica.metrics.scrape();
    assertThat(scrape)
        .contains(
            "tidemill_inference_requests_total{arm=\"live\",outcome=\"length\",task=\"support\"}",
            "tidemill_inference_time_to_first_token_seconds_count",
            "tidemill_inference_inter_token_latency_seconds_bucket",
            "tidemill_inference_num_requests_running",
            "tidemill_inference_num_requests_waiting",
            "tidemill_inference_prompt_tokens_total",
            "tidemill_inference_generation_tokens_total",
            "tidemill_inference_releases_resident",
            "tidemill_inference_release_memory_bytes",
            "tidemill_inference_resident_memory_bytes",
            "tidemill_inference_references",
            "tidemill_inference_load_seconds_count",
            "tidemill_inference_swaps_total",
            "tidemill_inference_refused_total{reason=\"artifact\"}",
            "tidemill_inference_release_requests_total",
            "tidemill_inference_completions_written_total",
            "tidemill_inference_completions_lost_total 0.0");
    assertThat(replica.health.ready().ok()).as(replica.health.ready().toString()).isTrue();
  }

  static void assertError(
      HttpResponse<String> response, int status, @Nullable String param, String code) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(response.headers().firstValue("Content-Type")).hasValue("application/json");
    JsonNode error = TestReplica.json(response.body()).path("error");
    assertThat(error.path("message").asText()).isNotBlank();
    assertThat(error.path("type").asText())
        .isEqualTo(status >= 500 ? "server_error" : error.path("type").asText())
        .isNotBlank();
    assertThat(error.path("code").asText()).isEqualTo(code);
    assertThat(error.has("param")).isTrue();
    assertThat(error.path("param").isNull() ? null : error.path("param").asText()).isEqualTo(param);
  }

  private static String content(JsonNode answer) {
    return answer.at("/choices/0/message/content").asText();
  }

  /// The JSON events of a stream, which must end in `[DONE]`.
  static List<JsonNode> chunks(String body) {
    List<JsonNode> chunks = new ArrayList<>();
    List<String> data = body.lines().filter(line -> line.startsWith("data: ")).toList();
    assertThat(data).as(body).isNotEmpty();
    assertThat(data.getLast()).isEqualTo("data: [DONE]");
    for (String line : data.subList(0, data.size() - 1)) {
      chunks.add(TestReplica.json(line.substring("data: ".length())));
    }
    return chunks;
  }
}
