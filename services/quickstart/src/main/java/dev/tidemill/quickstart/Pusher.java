package dev.tidemill.quickstart;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.quickstart.reference.ReferenceDocument;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/// Pushes documents and feedback through the ingest service's HTTP API, as any producer would.
public final class Pusher {
  private static final Duration TIME_LIMIT = Duration.ofSeconds(60);
  private static final int BATCH = 100;

  private final HttpClient http;
  private final String root;
  private final ObjectMapper json = new ObjectMapper();
  private final AtomicLong pushed = new AtomicLong();

  public Pusher(HttpClient http, int port) {
    this.http = http;
    this.root = "http://127.0.0.1:" + port + "/v1/";
  }

  /// Pushes documents of one source. Their ids are made of version and key, so that pushing them
  /// again after a restart adds nothing.
  public void documents(String version, String source, List<ReferenceDocument> documents)
      throws IOException, InterruptedException {
    for (int from = 0; from < documents.size(); from += BATCH) {
      ArrayNode batch = json.createArrayNode();
      for (ReferenceDocument document :
          documents.subList(from, Math.min(documents.size(), from + BATCH))) {
        batch
            .addObject()
            .put("id", version + "/" + document.key())
            .put("key", document.key())
            .put("source", source)
            .put("licence", "Apache-2.0")
            .put("text", document.text());
      }
      post("documents", batch.toString());
      pushed.addAndGet(batch.size());
    }
  }

  /// Says how good an answer was.
  public void rating(String completionId, String subject, double value)
      throws IOException, InterruptedException {
    ObjectNode feedback = feedback(completionId, subject);
    feedback.putObject("rating").put("value", value);
    post("feedback", feedback.toString());
    pushed.incrementAndGet();
  }

  /// Says what an answer should have been.
  public void correction(String completionId, String subject, String text)
      throws IOException, InterruptedException {
    ObjectNode feedback = feedback(completionId, subject);
    feedback.putObject("correction").put("text", text);
    post("feedback", feedback.toString());
    pushed.incrementAndGet();
  }

  /// Records that the ingest service took.
  public long pushed() {
    return pushed.get();
  }

  private ObjectNode feedback(String completionId, String subject) {
    return json.createObjectNode().put("completion_id", completionId).put("subject", subject);
  }

  private void post(String path, String body) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(root + path))
            .timeout(TIME_LIMIT)
            .header("Content-Type", "application/json")
            .header("X-Tidemill-Producer", "quickstart")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() != 202) {
      throw new IOException(
          "the ingest service refused "
              + path
              + ": "
              + response.statusCode()
              + " "
              + response.body());
    }
  }
}
