package dev.tidemill.acceptance;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.tidemill.platform.config.KafkaConfig;
import dev.tidemill.platform.http.Json;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicReader;
import dev.tidemill.platform.kafka.TopicRecord;
import dev.tidemill.quickstart.Main;
import dev.tidemill.schemas.Topic;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/// A quickstart in a process of its own, as a newcomer starts it, and a client's view of it.
final class LiveQuickstart implements AutoCloseable {
  private static final int FIRST_BASE = 21_000;
  private static final int PORTS = 6;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Path folder;
  private final int portBase;
  private final Path summary;
  private final Child process;
  private final HttpClient http = HttpClient.newHttpClient();

  private LiveQuickstart(Path folder, int portBase) {
    this.folder = folder;
    this.portBase = portBase;
    this.summary = folder.resolve("summary.json");
    this.process = another("first", data());
  }

  static LiveQuickstart start(Path folder) {
    return new LiveQuickstart(folder, freePorts());
  }

  /// Starts a quickstart on the same ports.
  Child another(String name, Path data, String... more) {
    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of("--summary", summary.toString(), "--data", data.toString()));
    arguments.addAll(List.of("--port-base", Integer.toString(portBase)));
    arguments.addAll(List.of(more));
    return Child.start(
        folder,
        name,
        // The launcher's allocator, then the program in the same process.
        List.of(
            "bash",
            "-c",
            "source \"$0\"; exec \"$@\"",
            Repository.root().resolve("infra/allocator.sh").toString()),
        List.of(
            "-XX:+UseSerialGC",
            "-Xmx1g",
            "-Xss512k",
            "-XX:ErrorFile=" + folder.resolve("hs_err_%p.log")),
        Main.class,
        arguments);
  }

  /// Waits for the summary.
  JsonNode summary(Duration limit) {
    return summary(process, limit);
  }

  /// Waits for the summary of another quickstart on the same ports.
  JsonNode summary(Child process, Duration limit) {
    return Awaitility.await("the summary of the quickstart")
        .atMost(limit)
        .pollInterval(Duration.ofMillis(500))
        .until(
            () -> {
              boolean alive = process.isAlive();
              Optional<JsonNode> read = readSummary();
              if (!alive && read.isEmpty()) {
                process.assertAlive();
              }
              return read;
            },
            Optional::isPresent)
        .orElseThrow();
  }

  private Optional<JsonNode> readSummary() throws IOException {
    if (!Files.exists(summary)) {
      return Optional.empty();
    }
    try {
      JsonNode json = Json.mapper().readTree(Files.readString(summary));
      return json.isObject() ? Optional.of(json) : Optional.empty();
    } catch (JsonProcessingException e) {
      // It is being written.
      return Optional.empty();
    }
  }

  /// Forgets the summary, so that the next one is waited for.
  void removeSummary() {
    try {
      Files.delete(summary);
    } catch (IOException e) {
      throw new UncheckedIOException(summary + " cannot be removed", e);
    }
  }

  /// Its data directory.
  Path data() {
    return folder.resolve("data");
  }

  /// Errors in its log.
  List<String> errorsInLog() {
    try (Stream<String> lines = Files.lines(data().resolve("quickstart.log"))) {
      return lines
          .filter(line -> line.contains(" ERROR "))
          // The broker's word for a batch that it asks the client to send again.
          .filter(line -> !line.contains("Error processing append operation"))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("the log cannot be read", e);
    }
  }

  Child process() {
    return process;
  }

  int portBase() {
    return portBase;
  }

  URI inference(String path) {
    return uri(0, path);
  }

  URI ingest(String path) {
    return uri(1, path);
  }

  URI admin(String path) {
    return uri(3, path);
  }

  /// Clients on the embedded broker.
  KafkaClients kafka() {
    return new KafkaClients(
        KafkaConfig.of("127.0.0.1:" + (portBase + 4)), "acceptance", new SimpleMeterRegistry());
  }

  /// Every value on a topic now.
  <T extends SpecificRecord> List<T> values(Topic<T> topic) {
    List<T> values = new ArrayList<>();
    for (TopicRecord<T> record : new TopicReader(kafka()).readAll(topic)) {
      @Nullable T value = record.value();
      if (value != null) {
        values.add(value);
      }
    }
    return values;
  }

  HttpResponse<String> get(URI uri) {
    return send(HttpRequest.newBuilder(uri).GET());
  }

  HttpResponse<String> post(URI uri, String json) {
    return send(
        HttpRequest.newBuilder(uri)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(json)));
  }

  static JsonNode json(HttpResponse<String> response) {
    try {
      return Json.mapper().readTree(response.body());
    } catch (JsonProcessingException e) {
      throw new AssertionError("not JSON: " + response.body(), e);
    }
  }

  @Override
  public void close() {
    http.close();
    process.close();
  }

  private HttpResponse<String> send(HttpRequest.Builder request) {
    try {
      return http.send(request.timeout(PATIENCE).build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(process.lastWords(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for an answer", e);
    }
  }

  private URI uri(int port, String path) {
    return URI.create("http://127.0.0.1:" + (portBase + port) + path);
  }

  /// A base of six free ports, below those that the system hands out to clients.
  private static int freePorts() {
    for (int base = FIRST_BASE; base < 30_000; base += PORTS) {
      if (areFree(base)) {
        return base;
      }
    }
    throw new AssertionError("no six free ports in a row");
  }

  private static boolean areFree(int base) {
    for (int port = base; port < base + PORTS; port++) {
      try (ServerSocket probe = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        if (!probe.isBound()) {
          return false;
        }
      } catch (IOException e) {
        return false;
      }
    }
    return true;
  }
}
