package dev.tidemill.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.broker.KafkaForTests;
import dev.tidemill.events.Erasure;
import dev.tidemill.ingest.Gateway.Answer;
import dev.tidemill.platform.kafka.TopicReader;
import dev.tidemill.platform.kafka.TopicRecord;
import dev.tidemill.schemas.Topics;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Two gateways on one broker, and a third that starts later: a repeated idempotency key is
/// answered the same by each of them.
class SharedAnswersTest {

  @TempDir static Path directory;
  private static Gateway one;
  private static Gateway two;

  @BeforeAll
  static void start() {
    KafkaForTests.shared().freshTopics();
    one = gateway("max_record_bytes", "2000");
    two = gateway("max_record_bytes", "2000");
  }

  @AfterAll
  static void stop() {
    one.close();
    two.close();
  }

  @Test
  void aRepeatAtAnotherGatewayOrAfterARestartIsAnsweredTheSame() {
    String body = "[{\"subject\":\"shared\"},{\"subject\":\"shared\"}]";
    Answer first = erase(one, body, "k-1");
    assertThat(first.status()).isEqualTo(202);
    assertThat(replayed(first)).isFalse();

    Awaitility.await().until(() -> knows(two, "k-1"));
    same(first, erase(two, body, "k-1"));
    assertThat(erase(two, "{\"subject\":\"x\"}", "k-1").status()).isEqualTo(422);
    try (Gateway restarted = gateway()) {
      same(first, erase(restarted, body, "k-1"));
      assertThat(erase(restarted, "{\"subject\":\"x\"}", "k-1").status()).isEqualTo(422);
      assertThat(erase(restarted, body, "k-1", "X-Tidemill-Producer", "other").body())
          .as("another producer's key is another key")
          .isNotEqualTo(first.body());
    }
  }

  @Test
  void aRepeatThatOvertakesTheAnswerWritesTheSameIds() throws Exception {
    String body = "{\"subject\":\"race\"}";
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Answer>> answers =
          callers.invokeAll(List.of(() -> erase(one, body, "k-2"), () -> erase(two, body, "k-2")));
      Answer first = answers.get(0).get();
      assertThat(first.status()).isEqualTo(202);
      assertThat(answers.get(1).get().body()).isEqualTo(first.body());
      assertThat(erased("race")).containsOnly(first.body().path("ids").path(0).asText());
    }
  }

  @Test
  void anAnswerTooLongToBeWrittenIsGivenAllTheSame() {
    String body = "[" + "{\"subject\":\"long\"},".repeat(99) + "{\"subject\":\"long\"}]";
    double before = unwritten();
    Answer first = erase(one, body, "k-3");

    assertThat(first.status()).isEqualTo(202);
    assertThat(unwritten() - before).isEqualTo(1);
    Answer elsewhere = erase(two, body, "k-3");
    assertThat(replayed(elsewhere)).isFalse();
    assertThat(elsewhere.body()).isEqualTo(first.body());
    assertThat(erased("long")).hasSize(100);
  }

  private static double unwritten() {
    return one.metrics.get("tidemill.ingest.idempotency.unwritten.answers").counter().count();
  }

  // A body that is no JSON is refused with 400, and with 422 as soon as the key is known.
  private static boolean knows(Gateway gateway, String key) {
    return erase(gateway, "nope", key).status() == 422;
  }

  private static void same(Answer first, Answer again) {
    assertThat(again.status()).isEqualTo(first.status());
    assertThat(again.body()).isEqualTo(first.body());
    assertThat(replayed(again)).isTrue();
  }

  private static boolean replayed(Answer answer) {
    return answer.response().headers().firstValue("Idempotency-Replayed").isPresent();
  }

  private static Answer erase(Gateway gateway, String body, String key, String... headers) {
    String[] all = java.util.Arrays.copyOf(headers, headers.length + 2);
    all[headers.length] = "Idempotency-Key";
    all[headers.length + 1] = key;
    return gateway.post("/v1/erasures", body, all);
  }

  private static Gateway gateway(String... settings) {
    return Gateway.start(
        KafkaForTests.shared().bootstrapServers(), Configs.of(settings), directory);
  }

  /// The ids of the subject's erasures, each once.
  private static List<String> erased(String subject) {
    return new TopicReader(one.clients)
        .readAll(Topics.ERASURES).stream()
            .map(TopicRecord::value)
            .filter(Objects::nonNull)
            .filter(erasure -> erasure.getSubject().equals(subject))
            .map(Erasure::getId)
            .distinct()
            .toList();
  }
}
