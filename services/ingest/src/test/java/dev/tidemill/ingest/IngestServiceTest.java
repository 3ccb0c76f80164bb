package dev.tidemill.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.broker.KafkaForTests;
import dev.tidemill.events.Demonstration;
import dev.tidemill.events.Document;
import dev.tidemill.events.Erasure;
import dev.tidemill.events.Feedback;
import dev.tidemill.ingest.Gateway.Answer;
import dev.tidemill.platform.config.HttpConfig;
import dev.tidemill.platform.kafka.TopicReader;
import dev.tidemill.platform.kafka.TopicRecord;
import dev.tidemill.schemas.Sha256;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.Topics;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.apache.avro.specific.SpecificRecord;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The gateway over HTTP, on a real broker. Each test has keys of its own.
class IngestServiceTest {

  private static final HttpConfig HTTP = new HttpConfig("127.0.0.1", 0, 100_000);

  @TempDir static Path directory;
  private static Gateway gateway;

  @BeforeAll
  static void start() {
    String servers = KafkaForTests.shared().freshTopics().bootstrapServers();
    gateway = Gateway.start(servers, IngestConfig.at(HTTP), directory);
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  @Test
  void whatWasAcknowledgedIsInItsTopicUnderItsKey() {
    Answer document =
        gateway.post(
            "/v1/documents",
            "{\"id\":\"d1\",\"key\":\"linger.ms\",\"source\":\"s\",\"text\":\"hällo\"}",
            "X-Tidemill-Producer",
            "docs");
    Answer demonstration =
        gateway.post(
            "/v1/demonstrations", "{\"task\":\"support\",\"prompt\":\"q\",\"answer\":\"a\"}");
    Answer feedback =
        gateway.post(
            "/v1/feedback", "{\"id\":\"f1\",\"completion_id\":\"c1\",\"rating\":{\"value\":1}}");
    Answer erasure = gateway.post("/v1/erasures", "{\"id\":\"e1\",\"subject\":\"u1\"}");

    assertThat(List.of(document, demonstration, feedback, erasure))
        .allSatisfy(answer -> assertThat(answer.status()).isEqualTo(202))
        .allSatisfy(answer -> assertThat(answer.body().path("accepted").asInt()).isEqualTo(1));
    assertThat(document.body().path("ids").path(0).asText()).isEqualTo("d1");
    Document written = only(Topics.DOCUMENTS, "linger.ms");
    assertThat(written.getId()).isEqualTo("d1");
    assertThat(written.getProducer()).isEqualTo("docs");
    assertThat(written.getText()).isEqualTo("hällo");
    String id = demonstration.body().path("ids").path(0).asText();
    Demonstration taught = only(Topics.DEMONSTRATIONS, id);
    assertThat(taught.getId()).isEqualTo(id);
    assertThat(taught.getProducer()).isEqualTo("anonymous");
    Feedback told = only(Topics.FEEDBACK, "c1");
    assertThat(told.getId()).isEqualTo("f1");
    Erasure erased = only(Topics.ERASURES, "u1");
    assertThat(erased.getId()).isEqualTo("e1");
  }

  @Test
  void aListIsWrittenWholeOrNotAtAll() {
    String good = "{\"key\":\"list\",\"source\":\"s\",\"text\":\"t\"}";
    Answer refused = gateway.post("/v1/documents", "[" + good + ",{\"key\":\"list\"}]");

    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.field("field")).isEqualTo("[1].source");
    assertThat(read(Topics.DOCUMENTS, "list")).isEmpty();

    Answer taken = gateway.post("/v1/documents", "[" + good + "," + good + "]");
    assertThat(taken.status()).isEqualTo(202);
    assertThat(taken.body().path("ids")).hasSize(2);
    assertThat(read(Topics.DOCUMENTS, "list")).hasSize(2);
  }

  @Test
  void linesHaveAResultEach() {
    String body = "{\"id\":\"n1\",\"subject\":\"lines\"}\n{\"subject\":5}\n{oops\n";

    Answer answer = ndjson("/v1/erasures", body);

    assertThat(answer.status()).isEqualTo(202);
    assertThat(answer.body().path("accepted").asInt()).isEqualTo(1);
    assertThat(answer.body().path("rejected").asInt()).isEqualTo(2);
    assertThat(answer.body().at("/results/0/id").asText()).isEqualTo("n1");
    assertThat(answer.body().at("/results/1/line").asInt()).isEqualTo(2);
    assertThat(answer.body().at("/results/1/problem/field").asText()).isEqualTo("subject");
    assertThat(answer.body().at("/results/2/problem/type").asText())
        .isEqualTo("urn:tidemill:problem:malformed-json");
    assertThat(read(Topics.ERASURES, "lines")).hasSize(1);

    Answer none = ndjson("/v1/erasures", "{\"subject\":5}\n");
    assertThat(none.status()).isEqualTo(400);
    assertThat(none.body().path("results")).hasSize(1);
  }

  @Test
  void aRepeatedIdempotencyKeyIsAnsweredFromMemory() {
    String body = "[{\"subject\":\"idem\"},{\"subject\":\"idem\"}]";

    Answer first = gateway.post("/v1/erasures", body, "Idempotency-Key", "k-1");
    Answer again = gateway.post("/v1/erasures", body, "Idempotency-Key", "k-1");
    Answer other = gateway.post("/v1/erasures", "{\"subject\":\"x\"}", "Idempotency-Key", "k-1");

    assertThat(first.status()).isEqualTo(202);
    assertThat(again.status()).isEqualTo(202);
    assertThat(again.body()).isEqualTo(first.body());
    assertThat(again.response().headers().firstValue("Idempotency-Replayed")).hasValue("true");
    assertThat(other.status()).isEqualTo(422);
    assertThat(read(Topics.ERASURES, "idem")).hasSize(2);
  }

  @Test
  void aTableBecomesDemonstrationsByATemplate() {
    byte[] table =
        "question,answer\nWhat is acks?,all\nWhat is linger.ms?,\n"
            .getBytes(StandardCharsets.UTF_8);
    String path = "/v1/demonstrations?task=support&template=question-answering";

    Answer answer = gateway.post(path, "text/csv", table);

    assertThat(answer.status()).isEqualTo(202);
    assertThat(answer.body().path("accepted").asInt()).isEqualTo(1);
    assertThat(answer.body().at("/results/1/line").asInt()).isEqualTo(3);
    assertThat(answer.body().at("/results/1/problem/field").asText()).isEqualTo("record.answer");
    Demonstration taught = only(Topics.DEMONSTRATIONS, answer.body().at("/results/0/id").asText());
    assertThat(taught.getTask()).isEqualTo("support");
    assertThat(taught.getAnswer()).isEqualTo("all");
    assertThat(taught.getPrompt().getFirst().getContent()).contains("What is acks?");

    Answer nameless = gateway.post("/v1/demonstrations?task=support", "text/csv", table);
    assertThat(nameless.status()).isEqualTo(400);
    assertThat(nameless.field("field")).isEqualTo("template");
    assertThat(gateway.post("/v1/documents?task=t&template=t", "text/csv", table).status())
        .isEqualTo(415);
  }

  @Test
  void gzipIsUnpackedWithinTheLimit() throws IOException {
    byte[] sound = gzip("{\"subject\":\"gzip\"}".getBytes(StandardCharsets.UTF_8));
    assertThat(packed(sound).status()).isEqualTo(202);
    assertThat(read(Topics.ERASURES, "gzip")).hasSize(1);

    Answer bomb = packed(gzip(new byte[50_000_000]));
    assertThat(bomb.status()).isEqualTo(413);
    Answer fake = packed("{\"subject\":\"gzip\"}".getBytes(StandardCharsets.UTF_8));
    assertThat(fake.status()).isEqualTo(400);
    assertThat(fake.field("detail")).contains("gzip");
    Answer cut = packed(java.util.Arrays.copyOf(sound, sound.length - 6));
    assertThat(cut.status()).isEqualTo(400);
  }

  @ParameterizedTest(name = "{0} {1} {2}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      nullValues = "-",
      textBlock =
          """
          /v1/documents | application/json | {"key":"k" | 400 | malformed-json | -
          /v1/documents | application/json | {"key":"k","source":"s","text":7} | 400 | wrong-type | text
          /v1/documents | application/json | {"key":"k","source":"s","text":"t","x":1} | 400 | unknown-field | x
          /v1/documents | application/json | {"key":"k","source":"s","text":" "} | 400 | invalid-field | text
          /v1/documents | application/json | {"key":"k","source":"s","text":"t","event_time":"2999-01-01T00:00:00Z"} | 400 | future-event-time | event_time
          /v1/documents | application/json | [] | 400 | empty | -
          /v1/documents | text/plain | hello | 415 | unsupported-media-type | -
          /v1/documents | application/x-www-form-urlencoded | {} | 415 | unsupported-media-type | -
          /v1/demonstrations | application/json | {"task":"t","prompt":[{"role":"robot","content":"x"}],"answer":"a"} | 400 | invalid-field | prompt[0].role
          /v1/feedback | application/json | {"completion_id":"c","rating":{"value":2}} | 400 | invalid-field | rating.value
          /v1/erasures | application/json | {} | 400 | missing-field | subject
          /v1/nothing | application/json | {} | 404 | not-found | -
          """)
  void badInputIsAnsweredWithAProblemThatNamesIt(
      String path, String type, String body, int status, String slug, String field) {
    Answer answer = gateway.post(path, type, body.getBytes(StandardCharsets.UTF_8));

    assertThat(answer.status()).as(answer.response().body()).isEqualTo(status);
    assertThat(answer.response().headers().firstValue("Content-Type"))
        .hasValue("application/problem+json");
    assertThat(answer.field("type")).isEqualTo("urn:tidemill:problem:" + slug);
    assertThat(answer.field("detail")).isNotBlank();
    assertThat(answer.field("field")).isEqualTo(field == null ? "" : field);
  }

  @Test
  void anOversizedBodyAWrongMethodAndNoBodyAreProblems() {
    Answer large = gateway.post("/v1/documents", "x".repeat(200_000));
    assertThat(large.status()).isEqualTo(413);
    assertThat(large.field("type")).isEqualTo("urn:tidemill:problem:too-large");

    Answer method = gateway.get("/v1/documents");
    assertThat(method.status()).isEqualTo(405);
    assertThat(method.response().headers().firstValue("Allow")).hasValue("POST");

    assertThat(gateway.post("/v1/documents", "").status()).isEqualTo(400);
    assertThat(
            gateway.post("/v1/erasures", "{\"subject\":\"u\"}", "Content-Encoding", "br").status())
        .isEqualTo(400);
    assertThat(
            gateway
                .post("/v1/erasures", "{\"subject\":\"u\"}", "X-Tidemill-Producer", "a b")
                .field("field"))
        .isEqualTo("X-Tidemill-Producer");
  }

  @Test
  void whereKeysAreConfiguredTheKeyNamesTheProducer() {
    IngestConfig guarded =
        Configs.of("api_keys", "{crm: [" + sha256("secret") + ", " + sha256("next") + "]}");
    String body = "{\"subject\":\"keys\"}";
    try (Gateway closed =
        Gateway.start(KafkaForTests.shared().bootstrapServers(), guarded, directory)) {
      assertThat(closed.post("/v1/erasures", body).status()).isEqualTo(401);
      assertThat(closed.post("/v1/erasures", body, "X-API-Key", "wrong").status()).isEqualTo(401);
      assertThat(
              closed
                  .post("/v1/erasures", body, "X-API-Key", "secret", "X-Tidemill-Producer", "other")
                  .status())
          .isEqualTo(403);
      assertThat(closed.post("/v1/erasures", body, "X-API-Key", "secret").status()).isEqualTo(202);
      assertThat(closed.post("/v1/erasures", body, "Authorization", "Bearer next").status())
          .isEqualTo(202);
    }
    assertThat(read(Topics.ERASURES, "keys"))
        .hasSize(2)
        .extracting(Erasure::getProducer)
        .containsOnly("crm");
  }

  @Test
  void everyMeterIsThereAndCounts() {
    String before = gateway.metrics.scrape();
    assertThat(before)
        .contains("tidemill_ingest_records_total{kind=\"document\",result=\"accepted\"}")
        .contains("tidemill_ingest_rejections_total")
        .contains("tidemill_ingest_request_seconds_count")
        .contains("tidemill_ingest_acknowledge_seconds_bucket")
        .contains("tidemill_ingest_freshness_seconds_count")
        .contains("tidemill_ingest_received_bytes_total")
        .contains("tidemill_ingest_written_bytes_total")
        .contains("tidemill_ingest_waiting_requests")
        .contains("tidemill_ingest_idempotency_entries")
        .contains("tidemill_ingest_idempotent_replays_total")
        .contains("tidemill_ingest_broker_silence_seconds");

    double accepted = counter("accepted");
    double rejected = counter("rejected");
    ndjson(
        "/v1/demonstrations",
        "{\"task\":\"t\",\"prompt\":\"q\",\"answer\":\"a\"}\n{\"task\":\"t\"}\n");

    assertThat(counter("accepted") - accepted).isEqualTo(1);
    assertThat(counter("rejected") - rejected).isEqualTo(1);
  }

  @Test
  void itIsReadyWhileTheBrokerAnswers() {
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> assertThat(gateway.health.ready().ok()).isTrue());
    assertThat(gateway.health.live().ok()).isTrue();
  }

  @Test
  void aProducerOverItsQuotaIsToldWhenToComeAgain() {
    IngestConfig held =
        Configs.of(
            "quotas",
            "{defaults: {records_per_second: 1, record_burst: 3}, producers: {bulk: {}}}");
    String line = "{\"subject\":\"quota\"}\n";
    try (Gateway narrow =
        Gateway.start(KafkaForTests.shared().bootstrapServers(), held, directory)) {
      Answer tooMuch = lines(narrow, line.repeat(4), "crm");
      assertThat(tooMuch.status()).isEqualTo(413);
      assertThat(tooMuch.field("type")).isEqualTo("urn:tidemill:problem:batch-over-quota");
      assertThat(lines(narrow, line.repeat(3), "crm").status()).isEqualTo(202);
      Answer again = lines(narrow, line.repeat(3), "crm");
      assertThat(again.status()).isEqualTo(429);
      assertThat(again.response().headers().firstValue("Content-Type"))
          .hasValue("application/problem+json");
      assertThat(again.response().headers().firstValueAsLong("Retry-After").orElse(0))
          .isBetween(1L, 4L);
      assertThat(again.field("detail")).contains("producer crm");
      assertThat(lines(narrow, line.repeat(100), "bulk").status()).isEqualTo(202);
      assertThat(narrow.metrics.scrape())
          .contains(
              "tidemill_ingest_quota_refusals_total"
                  + "{kind=\"erasure\",limit=\"records\",producer=\"claimed\"} 2.0");
    }
  }

  private static Answer lines(Gateway to, String body, String producer) {
    return to.post(
        "/v1/erasures",
        "application/x-ndjson",
        body.getBytes(StandardCharsets.UTF_8),
        "X-Tidemill-Producer",
        producer);
  }

  private static String sha256(String key) {
    return Sha256.hex(key.getBytes(StandardCharsets.UTF_8));
  }

  private static double counter(String result) {
    return gateway
        .metrics
        .get("tidemill.ingest.records")
        .tag("kind", "demonstration")
        .tag("result", result)
        .counter()
        .count();
  }

  private static Answer ndjson(String path, String body) {
    return gateway.post(path, "application/x-ndjson", body.getBytes(StandardCharsets.UTF_8));
  }

  private static Answer packed(byte[] body) {
    return gateway.post("/v1/erasures", "application/json", body, "Content-Encoding", "gzip");
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(bytes);
    }
    return packed.toByteArray();
  }

  private static <T extends SpecificRecord> T only(Topic<T> topic, String key) {
    List<T> values = read(topic, key);
    assertThat(values).hasSize(1);
    return values.getFirst();
  }

  private static <T extends SpecificRecord> List<T> read(Topic<T> topic, String key) {
    return new TopicReader(gateway.clients)
        .readAll(topic).stream()
            .filter(record -> record.key().equals(key))
            .map(TopicRecord::value)
            .filter(java.util.Objects::nonNull)
            .map(topic.type()::cast)
            .toList();
  }
}
