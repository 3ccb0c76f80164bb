package dev.tidemill.inference;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tidemill.events.Completion;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Ten thousand requests with something wrong with each, at a running replica.
class MalformedRequestsTest {
  private static final int REQUESTS = 10_000;
  private static final int CLIENTS = 8;

  @TempDir private static Path work;

  private final Map<String, Integer> codes = new ConcurrentHashMap<>();

  @Test
  void eachGetsAClearAnswerAndNothingElseHappens() throws Exception {
    TestArtifacts artifacts = new TestArtifacts(work);
    try (TestReplica replica = new TestReplica(artifacts, config -> config)) {
      String base = artifacts.base(1);
      replica.routeAndWait("support", TestArtifacts.target("support", base, null), null);
      try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
        List<Future<?>> all = new ArrayList<>();
        for (int client = 0; client < CLIENTS; client++) {
          Malformed malformed = new Malformed(replica.uri("/"), client);
          all.add(clients.submit(() -> ask(replica, malformed)));
        }
        for (Future<?> one : all) {
          join(one);
        }
      }
      assertThat(codes.values().stream().mapToInt(i -> i).sum()).isEqualTo(REQUESTS);
      assertThat(codes)
          .containsOnlyKeys(
              "invalid_value",
              "missing_required_parameter",
              "unsupported_parameter",
              "unknown_parameter",
              "context_length_exceeded",
              "invalid_json",
              "invalid_request",
              "model_not_found",
              "not_found",
              "method_not_allowed",
              "unsupported_media_type",
              "request_too_large");

      HttpResponse<String> sound =
          replica.post("/v1/chat/completions", TestReplica.chat("support", "still there?"));
      assertThat(sound.statusCode()).isEqualTo(200);
      String id = TestReplica.json(sound.body()).path("id").asText();
      Completion record = replica.completion(id);
      assertThat(replica.completions()).containsOnlyKeys(record.getId());
      assertThat(replica.references()).isZero();
      assertThat(replica.health.ready().ok()).isTrue();
    }
  }

  private void ask(TestReplica replica, Malformed malformed) {
    for (int i = 0; i < REQUESTS / CLIENTS; i++) {
      HttpRequest request = malformed.next();
      HttpResponse<String> response = replica.send(request);
      String what = request + " " + response.statusCode() + " " + response.body();
      assertThat(response.statusCode()).as(what).isBetween(400, 499);
      assertThat(response.headers().firstValue("Content-Type"))
          .as(what)
          .hasValue("application/json");
      JsonNode error = TestReplica.json(response.body()).path("error");
      assertThat(error.path("message").asText()).as(what).isNotBlank().hasSizeLessThan(500);
      assertThat(error.path("type").asText()).as(what).isEqualTo("invalid_request_error");
      assertThat(error.has("param")).as(what).isTrue();
      codes.merge(error.path("code").asText(), 1, Integer::sum);
    }
  }

  private static void join(Future<?> one) throws InterruptedException {
    try {
      one.get();
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause());
    }
  }
}
