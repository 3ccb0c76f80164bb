package dev.tidemill.benchmarks.scenario.crash;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.tidemill.benchmarks.scenario.crash.Event.Corrected;
import dev.tidemill.benchmarks.scenario.crash.Event.OfCompletion;
import dev.tidemill.benchmarks.scenario.crash.Event.OfDemonstration;
import dev.tidemill.benchmarks.scenario.crash.Event.OfDocument;
import dev.tidemill.benchmarks.scenario.crash.Event.OfFeedback;
import dev.tidemill.benchmarks.scenario.crash.Event.OfRubbish;
import dev.tidemill.benchmarks.scenario.crash.Event.Preferred;
import dev.tidemill.benchmarks.scenario.crash.Event.Rated;
import dev.tidemill.benchmarks.scenario.crash.Event.Retracted;
import dev.tidemill.platform.http.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/// Pushes events over HTTP as a producer would: with an idempotency key, again and again until the
/// gateway says 202.
final class Gateway implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(15);
  private static final Duration PAUSE = Duration.ofMillis(100);
  /// Answers that ask to come again.
  private static final Set<Integer> AGAIN = Set.of(409, 429, 500, 502, 503, 504);

  private final int port;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(2))
          .build();
  private final AtomicLong retries = new AtomicLong();

  Gateway(int port) {
    this.port = port;
  }

  /// Returns when every event of the step is acknowledged.
  void push(Step step) {
    boolean lines = step.name().hashCode() % 2 == 0;
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path(step.way())))
            .timeout(LIMIT)
            .header("Content-Type", lines ? "application/x-ndjson" : "application/json")
            .header("Idempotency-Key", step.name())
            .header("X-Tidemill-Producer", "soak")
            .POST(HttpRequest.BodyPublishers.ofString(body(step.events(), lines)))
            .build();
    while (!taken(request, step)) {
      retries.incrementAndGet();
      Cluster.pause(PAUSE);
    }
  }

  /// Requests that had to be sent again.
  long retries() {
    return retries.get();
  }

  @Override
  public void close() {
    http.shutdownNow();
  }

  private boolean taken(HttpRequest request, Step step) {
    try {
      HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (AGAIN.contains(answer.statusCode())) {
        return false;
      }
      JsonNode told = Json.mapper().readTree(answer.body());
      if (answer.statusCode() == 202 && told.path("accepted").asInt() == step.events().size()) {
        return true;
      }
      throw new IllegalStateException(
          "step %s was answered %d: %s".formatted(step.name(), answer.statusCode(), answer.body()));
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private static String path(Step.Way way) {
    return switch (way) {
      case DOCUMENTS -> "/v1/documents";
      case DEMONSTRATIONS -> "/v1/demonstrations";
      case FEEDBACK -> "/v1/feedback";
      case KAFKA -> throw new IllegalArgumentException("what goes to Kafka is not posted");
    };
  }

  private static String body(List<Event> events, boolean lines) {
    return lines
        ? events.stream().map(Gateway::json).collect(Collectors.joining("\n"))
        : events.stream().map(Gateway::json).collect(Collectors.joining(",", "[", "]"));
  }

  private static String json(Event event) {
    Map<String, Object> fields = new LinkedHashMap<>();
    switch (event) {
      case OfDocument document -> {
        fields.put("id", document.id());
        fields.put("key", document.key());
        fields.put("source", "crash-soak");
        fields.put("licence", "Apache-2.0");
        fields.put("text", document.text());
      }
      case OfDemonstration told -> {
        fields.put("id", told.id());
        fields.put("task", told.task());
        fields.put("subject", told.subject());
        fields.put("prompt", told.prompt());
        fields.put("answer", told.answer());
      }
      case OfFeedback told -> {
        String id = told.id();
        if (id != null) {
          fields.put("id", id);
        }
        fields.put("completion_id", told.completion());
        fields.put("subject", told.subject());
        fields.put("event_time", told.at());
        switch (told.statement()) {
          case Rated(double value) -> fields.put("rating", Map.of("value", value));
          case Corrected(String text) -> fields.put("correction", Map.of("text", text));
          case Preferred(String other, boolean better) ->
              fields.put("preference", Map.of("other_text", other, "other_is_better", better));
          case Retracted(String of) -> fields.put("retraction", Map.of("feedback_id", of));
        }
      }
      case OfCompletion completion -> throw new IllegalArgumentException("completions are served");
      case OfRubbish rubbish -> throw new IllegalArgumentException("rubbish is not posted");
    }
    try {
      return Json.mapper().writeValueAsString(fields);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("strings and numbers cannot be written", e);
    }
  }
}
