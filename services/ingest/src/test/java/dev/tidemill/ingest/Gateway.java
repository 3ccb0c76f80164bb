package dev.tidemill.ingest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.tidemill.platform.ServiceContext;
import dev.tidemill.platform.artifact.DirectoryArtifactStore;
import dev.tidemill.platform.config.KafkaConfig;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.http.Json;
import dev.tidemill.platform.kafka.KafkaClients;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.awaitility.Awaitility;

/// A running gateway and a client of it.
final class Gateway implements AutoCloseable {

  /// An answer; the body is an empty object when there is none.
  record Answer(int status, HttpResponse<String> response, JsonNode body) {
    String field(String name) {
      return body.path(name).asText();
    }
  }

  final PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  final Health health = new Health();
  final KafkaClients clients;
  private final IngestService service;
  private final HttpClient http = HttpClient.newHttpClient();

  private Gateway(String bootstrapServers, IngestConfig config, Path directory) {
    clients = new KafkaClients(KafkaConfig.of(bootstrapServers), "ingest", metrics);
    service =
        new IngestService(
            new ServiceContext(
                "ingest",
                clients,
                metrics,
                new DirectoryArtifactStore(directory, null, List.of()),
                health,
                InstantSource.system()),
            config);
  }

  /// A gateway that is ready.
  static Gateway start(String bootstrapServers, IngestConfig config, Path directory) {
    Gateway gateway = new Gateway(bootstrapServers, config, directory);
    gateway.service.start();
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(20))
        .until(() -> gateway.health.ready().ok());
    return gateway;
  }

  int port() {
    return service.port();
  }

  Answer post(String path, String body, String... headers) {
    return post(path, "application/json", body.getBytes(StandardCharsets.UTF_8), headers);
  }

  Answer post(String path, String type, byte[] body, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri(path))
            .header("Content-Type", type)
            .POST(HttpRequest.BodyPublishers.ofByteArray(body));
    return send(headers.length == 0 ? request : request.headers(headers));
  }

  Answer get(String path) {
    return send(HttpRequest.newBuilder(uri(path)).GET());
  }

  @Override
  public void close() {
    http.close();
    service.close();
  }

  private URI uri(String path) {
    return URI.create("http://127.0.0.1:" + port() + path);
  }

  private Answer send(HttpRequest.Builder request) {
    try {
      HttpResponse<String> response =
          http.send(
              request.timeout(Duration.ofSeconds(60)).build(),
              HttpResponse.BodyHandlers.ofString());
      return new Answer(response.statusCode(), response, parse(response.body()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static JsonNode parse(String body) throws JsonProcessingException {
    return body.isEmpty() ? Json.mapper().createObjectNode() : Json.mapper().readTree(body);
  }
}
