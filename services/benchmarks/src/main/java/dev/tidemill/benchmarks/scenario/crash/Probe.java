package dev.tidemill.benchmarks.scenario.crash;

import dev.tidemill.platform.kafka.KafkaClients;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.jspecify.annotations.Nullable;

/// Asks processes whether they work: the broker by a record that it acknowledges, services by their
/// readiness.
final class Probe implements AutoCloseable {
  /// Clients that give up soon and come back soon.
  static final Map<String, String> IMPATIENT =
      Map.of(
          "linger.ms", "0",
          "request.timeout.ms", "1000",
          "default.api.timeout.ms", "2000",
          "delivery.timeout.ms", "1500",
          "max.block.ms", "1000",
          "reconnect.backoff.ms", "20",
          "reconnect.backoff.max.ms", "200");

  private static final String TOPIC = "soak.probe";
  private static final Duration LIMIT = Duration.ofSeconds(2);

  private final KafkaClients clients;
  private final int brokerPort;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(LIMIT).build();
  private @Nullable Producer<String, byte[]> producer;

  Probe(KafkaClients clients, int brokerPort) {
    this.clients = clients;
    this.brokerPort = brokerPort;
  }

  /// Whether the broker acknowledges a record.
  boolean brokerWorks() {
    if (!listens()) {
      return false;
    }
    try {
      var _ =
          producer()
              .send(new ProducerRecord<>(TOPIC, "probe", new byte[1]))
              .get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (ExecutionException | TimeoutException | KafkaException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /// Whether the service at this admin port says that it is ready.
  boolean ready(int adminPort) {
    try {
      return http.send(get(adminPort, "/health/ready"), HttpResponse.BodyHandlers.discarding())
              .statusCode()
          == 200;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /// The sum of a metric of the service at this admin port; NaN when there is none.
  double metric(int adminPort, String name) {
    try {
      return http.send(get(adminPort, "/metrics"), HttpResponse.BodyHandlers.ofString())
          .body()
          .lines()
          .filter(line -> line.startsWith(name + "{") || line.startsWith(name + " "))
          .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
          .reduce(Double::sum)
          .orElse(Double.NaN);
    } catch (IOException e) {
      return Double.NaN;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Double.NaN;
    }
  }

  @Override
  public void close() {
    if (producer != null) {
      producer.close(Duration.ZERO);
    }
    http.close();
  }

  private static HttpRequest get(int adminPort, String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + adminPort + path))
        .timeout(LIMIT)
        .build();
  }

  private boolean listens() {
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), brokerPort),
          (int) LIMIT.toMillis());
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private Producer<String, byte[]> producer() throws ExecutionException, InterruptedException {
    Producer<String, byte[]> made = producer;
    if (made == null) {
      try (Admin admin = clients.admin()) {
        admin
            .createTopics(List.of(new NewTopic(TOPIC, Optional.of(1), Optional.empty())))
            .all()
            .get();
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof TopicExistsException)) {
          throw e;
        }
      }
      made = clients.producer("probe");
      producer = made;
    }
    return made;
  }
}
