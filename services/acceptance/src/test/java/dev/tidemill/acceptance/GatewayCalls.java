package dev.tidemill.acceptance;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// What a producer asks of a gateway, once: unlike the client library it does not ask again.
final class GatewayCalls implements AutoCloseable {
  private final URI gateway;
  private final HttpClient http = HttpClient.newHttpClient();

  GatewayCalls(URI gateway) {
    this.gateway = gateway;
  }

  HttpResponse<String> pushDocument(String id) throws IOException {
    return post(
        "/v1/documents",
        """
        {"id": "%s", "key": "%s", "source": "test", "text": "%s"}
        """
            .formatted(id, id, text(id)));
  }

  HttpResponse<String> pushDemonstration(String id) throws IOException {
    return post(
        "/v1/demonstrations",
        """
        {"id": "%s", "task": "support", "prompt": "Which way?", "answer": "Up."}
        """
            .formatted(id));
  }

  /// The text of a document, like that of no other.
  static String text(String id) {
    return IntStream.range(0, 12).mapToObj(i -> id + i).collect(Collectors.joining(" "));
  }

  @Override
  public void close() {
    http.close();
  }

  private HttpResponse<String> post(String path, String body) throws IOException {
    HttpRequest request =
        HttpRequest.newBuilder(gateway.resolve(path))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    try {
      return http.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while asking the gateway", e);
    }
  }
}
