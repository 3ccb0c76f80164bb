package dev.tidemill.quickstart;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/// Asks the inference service through its OpenAI API, as any client would, and counts what it got.
public final class Asker {
  private static final Duration TIME_LIMIT = Duration.ofSeconds(60);
  private static final int MAX_TOKENS = 96;

  private final HttpClient http;
  private final URI endpoint;
  private final ObjectMapper json = new ObjectMapper();
  private final AtomicLong served = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();

  public Asker(HttpClient http, int port) {
    this.http = http;
    this.endpoint = URI.create("http://127.0.0.1:" + port + "/v1/chat/completions");
  }

  /// An answer with the release that gave it.
  ///
  /// @param completionId what feedback names
  /// @param release the one release that answered
  /// @param text the answer
  public record Answer(String completionId, String release, String text) {}

  /// A request that was not answered.
  public static final class UnansweredException extends Exception {
    UnansweredException(String message) {
      super(message);
    }
  }

  /// Asks a question.
  ///
  /// @param model a task, or an exact release
  /// @param user who asks; the canary split is sticky by it
  public Answer ask(String model, String question, String user)
      throws UnansweredException, InterruptedException {
    ObjectNode body = json.createObjectNode();
    body.put("model", model).put("user", user).put("max_tokens", MAX_TOKENS).put("temperature", 0);
    body.putArray("messages").addObject().put("role", "user").put("content", question);
    HttpRequest request =
        HttpRequest.newBuilder(endpoint)
            .timeout(TIME_LIMIT)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
            .build();
    try {
      HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw failure(response.statusCode() + " " + response.body());
      }
      JsonNode answer = json.readTree(response.body());
      String text =
          answer.required("choices").required(0).required("message").required("content").asText();
      served.incrementAndGet();
      return new Answer(
          answer.required("id").asText(), answer.required("release").asText(), text.strip());
    } catch (IOException | IllegalArgumentException e) {
      throw failure(e.toString());
    }
  }

  /// Requests that were answered.
  public long served() {
    return served.get();
  }

  /// Requests that were not.
  public long failed() {
    return failed.get();
  }

  private UnansweredException failure(String what) {
    failed.incrementAndGet();
    return new UnansweredException("the inference service did not answer: " + what);
  }
}
