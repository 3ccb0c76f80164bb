package dev.tidemill.benchmarks.scenario;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tidemill.benchmarks.scenario.fuzz.BodyFuzz;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;

/// Sends fuzzed requests over a few connections and counts the answers. What is answered 503 is
/// sent again.
final class HttpFuzz implements Runnable {
  private static final int AT_ONCE = 16;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final URI root;
  private final BodyFuzz bodies;
  private final int requests;
  private final Map<Integer, Integer> statuses = new TreeMap<>();
  private final AtomicLong accepted = new AtomicLong();
  private final AtomicLong unanswered = new AtomicLong();
  private final Semaphore places = new Semaphore(AT_ONCE);

  HttpFuzz(int port, BodyFuzz bodies, int requests) {
    this.root = URI.create("http://127.0.0.1:" + port);
    this.bodies = bodies;
    this.requests = requests;
  }

  @Override
  public void run() {
    try (HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      for (int i = 0; i < requests; i++) {
        places.acquireUninterruptibly();
        send(client, bodies.next(i));
      }
      places.acquireUninterruptibly(AT_ONCE);
    }
  }

  /// Answers by status.
  Map<Integer, Integer> statuses() {
    synchronized (statuses) {
      return Map.copyOf(statuses);
    }
  }

  /// Records that were acknowledged for the first time.
  long accepted() {
    return accepted.get();
  }

  long unanswered() {
    return unanswered.get();
  }

  long serverErrors() {
    return statuses().entrySet().stream()
        .filter(each -> each.getKey() >= 500 && each.getKey() != 503)
        .mapToLong(Map.Entry::getValue)
        .sum();
  }

  private void send(HttpClient client, BodyFuzz.Request fuzz) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(root.resolve(fuzz.path()))
            .timeout(Duration.ofSeconds(60))
            .header("Content-Type", fuzz.contentType())
            .header("X-Tidemill-Producer", "fuzz")
            .method(fuzz.method(), HttpRequest.BodyPublishers.ofByteArray(fuzz.body()));
    if (fuzz.gzip()) {
      request.header("Content-Encoding", "gzip");
    }
    String key = fuzz.idempotencyKey();
    if (key != null) {
      request.header("Idempotency-Key", key);
    }
    var _ =
        client
            .sendAsync(request.build(), HttpResponse.BodyHandlers.ofByteArray())
            .whenComplete(
                (response, failure) -> {
                  if (failure != null) {
                    unanswered.incrementAndGet();
                    places.release();
                    return;
                  }
                  took(response);
                  if (response.statusCode() == 503) {
                    send(client, fuzz);
                  } else {
                    places.release();
                  }
                });
  }

  private void took(HttpResponse<byte[]> response) {
    synchronized (statuses) {
      statuses.merge(response.statusCode(), 1, Integer::sum);
    }
    boolean first = response.headers().firstValue("Idempotency-Replayed").isEmpty();
    if (response.statusCode() == 202 && first) {
      try {
        JsonNode body = JSON.readTree(response.body());
        accepted.addAndGet(body.path("accepted").asLong());
      } catch (IOException e) {
        throw new IllegalStateException("a 202 without JSON", e);
      }
    }
  }
}
