package dev.tidemill.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.broker.EmbeddedBroker;
import dev.tidemill.ingest.Gateway.Answer;
import dev.tidemill.platform.config.KafkaConfig;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicCreation;
import dev.tidemill.platform.kafka.TopicReader;
import dev.tidemill.schemas.Topics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The broker goes away and comes back; the gateway stays, and never says 202 for what is not
/// written.
class BrokerOutageTest {

  private static final Duration ACK_TIMEOUT = Duration.ofSeconds(2);
  private static final int PLACES = 2;

  @TempDir Path directory;

  @Test
  void withoutABrokerEveryRequestIsAnswered503InTime() throws Exception {
    EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("kafka"), 0, 0);
    int port = broker.port();
    createTopics(broker);
    try (Gateway gateway = Gateway.start(broker.bootstrapServers(), config(), directory)) {
      assertThat(erase(gateway, "before").status()).isEqualTo(202);
      Awaitility.await()
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(() -> assertThat(gateway.health.ready().ok()).isTrue());

      broker.close();
      long start = System.nanoTime();
      Answer away = erase(gateway, "away");
      Duration took = Duration.ofNanos(System.nanoTime() - start);

      assertThat(away.status()).isEqualTo(503);
      assertThat(away.response().headers().firstValue("Retry-After")).hasValue("2");
      assertThat(away.field("type")).isEqualTo("urn:tidemill:problem:unavailable");
      assertThat(took).isLessThan(ACK_TIMEOUT.plusSeconds(3));
      noMoreThanThePlacesWait(gateway);
      Awaitility.await()
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(() -> assertThat(gateway.health.ready().ok()).isFalse());
      assertThat(gateway.health.live().ok()).isTrue();

      broker = EmbeddedBroker.start(directory.resolve("kafka"), port, 0);
      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> erase(gateway, "after").status() == 202);
      Awaitility.await()
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(() -> assertThat(gateway.health.ready().ok()).isTrue());
      List<String> subjects =
          new TopicReader(gateway.clients)
              .readAll(Topics.ERASURES).stream().map(record -> record.key()).toList();
      assertThat(subjects).contains("before", "after");
    } finally {
      broker.close();
    }
  }

  private static void noMoreThanThePlacesWait(Gateway gateway) throws Exception {
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Answer>> answers =
          callers.invokeAll(java.util.Collections.nCopies(6, () -> erase(gateway, "crowd")));
      int turnedAway = 0;
      for (Future<Answer> answer : answers) {
        assertThat(answer.get().status()).isEqualTo(503);
        if (answer.get().field("detail").contains("wait for the broker already")) {
          turnedAway++;
        }
      }
      assertThat(turnedAway).isBetween(1, 6 - PLACES);
    }
  }

  private static void createTopics(EmbeddedBroker broker) {
    KafkaClients clients =
        new KafkaClients(
            KafkaConfig.of(broker.bootstrapServers()), "topics", new SimpleMeterRegistry());
    try (Admin admin = clients.admin()) {
      TopicCreation.ensure(admin, (short) 1);
    }
  }

  private static Answer erase(Gateway gateway, String subject) {
    return gateway.post("/v1/erasures", "{\"subject\":\"" + subject + "\"}");
  }

  private static IngestConfig config() {
    return Configs.of(
        "ack_timeout",
        ACK_TIMEOUT.toString(),
        "max_waiting_requests",
        Integer.toString(PLACES),
        "broker_check_interval",
        "500ms");
  }
}
