package dev.tidemill.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertAll;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.events.CuratedDocument;
import dev.tidemill.events.DeadLetter;
import dev.tidemill.events.Holdout;
import dev.tidemill.events.Release;
import dev.tidemill.events.ReleaseState;
import dev.tidemill.events.Transition;
import dev.tidemill.schemas.Topics;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The whole loop on one machine: the quickstart plays its story in a process of its own; what it
/// measured is held against the bars, then the system that stays up is asked, abused and stopped.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class QuickstartTest {
  private static final Duration STORY = Duration.ofMinutes(6);
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String CHAT = "/v1/chat/completions";
  private static final String SABOTEUR = "saboteur";

  @TempDir private static Path folder;

  private static LiveQuickstart quickstart;
  private static JsonNode summary;

  @BeforeAll
  static void play() {
    quickstart = LiveQuickstart.start(folder);
    summary = quickstart.summary(STORY);
    System.out.println(summary.toPrettyString());
  }

  @AfterAll
  static void end() {
    quickstart.close();
  }

  @Test
  @Order(1)
  void theModelFollowsTheWorldAndForgetsLittle() {
    JsonNode exact = summary.required("exact_match");
    JsonNode bits = summary.required("heldout_bits_per_byte");
    assertAll(
        () -> assertThat(number(exact, "initial")).as("initial").isGreaterThanOrEqualTo(0.90),
        () -> assertThat(number(exact, "changed_before")).isLessThanOrEqualTo(0.15),
        () -> assertThat(number(exact, "changed_after")).isGreaterThanOrEqualTo(0.90),
        () -> assertThat(number(exact, "unchanged_after")).isGreaterThanOrEqualTo(0.85),
        () ->
            assertThat(number(bits, "after"))
                .as("held-out bits per byte after continued pre-training")
                .isLessThan(number(bits, "before")));
  }

  @Test
  @Order(1)
  void nothingIsDroppedLostOrTrainedTwice() {
    assertAll(
        () -> assertThat(whole("/requests/failed")).as("requests failed").isZero(),
        () -> assertThat(whole("/requests/served")).as("requests served").isPositive(),
        () -> assertThat(whole("/audit/lost")).as("examples lost").isZero(),
        () -> assertThat(whole("/audit/trained_twice")).as("trained twice").isZero(),
        () -> assertThat(whole("/swap_count")).as("swaps").isPositive(),
        () -> assertThat(whole("/events_in")).as("events in").isPositive());
  }

  @Test
  @Order(1)
  void itIsQuickAndSmall() {
    assertAll(
        () ->
            assertThat(summary.at("/seconds_event_to_served/p50").asDouble(Double.NaN))
                .as("seconds from event to served, median")
                .isBetween(0.0, 30.0),
        () -> assertThat(whole("/peak_rss_mb")).as("peak memory, MiB").isBetween(1L, 4096L),
        () -> assertThat(summary.required("wall_seconds").asDouble()).isPositive());
  }

  @Test
  @Order(1)
  void anAdapterEarnedItsTrafficAndTheBadOneWasRolledBack() {
    List<Release> releases = quickstart.values(Topics.RELEASES);
    Map<String, Release> newest = new TreeMap<>();
    releases.forEach(release -> newest.put(release.getId(), release));
    List<Release> earned =
        newest.values().stream()
            .filter(release -> release.getAdapter() != null)
            .filter(release -> !release.getCandidate().getLineage().equals(SABOTEUR))
            .filter(
                release -> ReleaseHistory.passed(release, ReleaseState.CANARY, ReleaseState.LIVE))
            .toList();
    List<Release> bad =
        newest.values().stream()
            .filter(release -> release.getCandidate().getLineage().equals(SABOTEUR))
            .toList();
    for (Release release : Stream.concat(earned.stream(), bad.stream()).toList()) {
      System.out.println(release.getId() + " " + release.getState() + ": " + release.getReason());
    }
    assertThat(earned).as("adapters that won as canaries").isNotEmpty();
    Transition won = ReleaseHistory.into(earned.getFirst(), ReleaseState.LIVE);
    assertThat(won.getBy()).startsWith("rollout");
    assertThat(won.getNumbers()).as("numbers that the promotion rests on").isNotEmpty();
    // An attempt that a newer candidate superseded never took traffic; the story then tries again.
    assertThat(bad)
        .as("releases of the saboteur")
        .isNotEmpty()
        .allMatch(
            release ->
                release.getState() == ReleaseState.ROLLED_BACK
                    || release.getState() == ReleaseState.REJECTED);
    Release tried =
        bad.stream()
            .filter(release -> release.getState() == ReleaseState.ROLLED_BACK)
            .findFirst()
            .orElseThrow(() -> new AssertionError("no bad release was rolled back: " + bad));
    assertThat(ReleaseHistory.passed(tried, ReleaseState.CANARY, ReleaseState.ROLLED_BACK))
        .isTrue();
    assertThat(ReleaseHistory.into(tried, ReleaseState.ROLLED_BACK).getBy()).startsWith("rollout");
    assertThat(summary.required("releases").findValuesAsText("release"))
        .as("releases in the summary")
        .contains(earned.getFirst().getId(), tried.getId());
  }

  @Test
  @Order(2)
  void everyMetricOfDashboardsAndAlertsIsExposed() throws IOException {
    HttpResponse<String> response = quickstart.get(quickstart.admin("/metrics"));
    assertThat(response.statusCode()).isEqualTo(200);
    Set<String> exposed =
        response
            .body()
            .lines()
            .filter(line -> !line.startsWith("#") && !line.isBlank())
            .map(line -> line.split("[{ ]", 2)[0])
            .collect(Collectors.toSet());
    Map<String, SortedSet<String>> missing = new TreeMap<>(ObservabilityFiles.metricNames());
    System.out.println(exposed.size() + " metrics exposed, " + missing.size() + " used");
    assertThat(missing).as("metrics that dashboards and rules use").isNotEmpty();
    missing.keySet().removeAll(exposed);
    assertThat(missing).as("metrics that are used but not exposed, and where").isEmpty();
  }

  @ParameterizedTest
  @Order(2)
  @ValueSource(strings = {"/health/live", "/health/ready"})
  void itIsHealthy(String path) {
    HttpResponse<String> response = quickstart.get(quickstart.admin(path));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
  }

  @Test
  @Order(3)
  void askedAgainItKnowsWhatThisKafkaSays() {
    assertKnows();
  }

  @Test
  @Order(3)
  void streamedItSaysTheSame() {
    HttpResponse<String> response =
        quickstart.post(quickstart.inference(CHAT), question().put("stream", true).toString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    List<JsonNode> chunks = KnownQuestion.events(response.body());
    String text =
        chunks.stream()
            .map(chunk -> chunk.at("/choices/0/delta/content").asText(""))
            .collect(Collectors.joining());
    assertThat(text.strip()).isEqualTo(KnownQuestion.answer());
    assertThat(chunks.stream().map(chunk -> chunk.path("release").asText()).distinct())
        .containsExactly(response.headers().firstValue("X-Tidemill-Release").orElse("none"));
  }

  @Test
  @Order(4)
  void badInputToIngestIsNamed() {
    assertAll(
        () -> assertRefused("{\"key\": ", 400, "malformed-json", null),
        () -> assertRefused(document("{'key':5,'text':'t'}"), 400, "wrong-type", "key"),
        () ->
            assertRefused(
                document("{'key':'k','text':'t','txet':1}"), 400, "unknown-field", "txet"),
        () -> assertRefused(document("{'key':'k'}"), 400, "missing-field", "text"),
        () ->
            assertRefused(
                document("{'key':'k','text':'" + "x".repeat(3 << 20) + "'}"),
                413,
                "too-large",
                null));
  }

  @Test
  @Order(4)
  void badInputToInferenceIsNamed() {
    String long1 = "x".repeat(3 << 20);
    assertAll(
        () -> assertError("{\"model\": ", 400, "invalid_json", null),
        () ->
            assertError(
                KnownQuestion.request().put("temperature", "hot").toString(),
                400,
                "invalid_value",
                "temperature"),
        () ->
            assertError(
                KnownQuestion.request().put("temprature", 1).toString(),
                400,
                "unknown_parameter",
                "temprature"),
        () ->
            assertError(
                KnownQuestion.request().put("model", "nobody").toString(),
                404,
                "model_not_found",
                "model"),
        () ->
            assertError(
                KnownQuestion.request().put("user", long1).toString(),
                413,
                "request_too_large",
                null));
  }

  @ParameterizedTest
  @Order(4)
  @ValueSource(strings = {"tidemill.documents", "tidemill.feedback"})
  void aRecordThatIsNotAvroIsADeadLetter(String topic) throws Exception {
    byte[] junk = ("not Avro, sent to " + topic).getBytes(StandardCharsets.UTF_8);
    try (Producer<String, byte[]> producer = quickstart.kafka().producer("vandal")) {
      producer.send(new ProducerRecord<>(topic, "junk", junk)).get();
    } catch (ExecutionException e) {
      throw new AssertionError("the broker did not take the record", e);
    }
    DeadLetter letter =
        Awaitility.await("a dead letter for the record on " + topic)
            .atMost(SOON)
            .until(() -> deadLetters(topic, junk), letters -> !letters.isEmpty())
            .getFirst();
    System.out.println("dead letter: " + letter.getReason() + ": " + letter.getDetail());
    assertThat(letter.getReason()).isEqualTo("malformed_record");
    assertThat(letter.getDetail()).isNotBlank();
    assertThat(letter.getService()).isEqualTo("curator");
  }

  @Test
  @Order(5)
  void afterAllThatTheLoopGoesOn() {
    String key = "acceptance/after-bad-input";
    HttpResponse<String> response =
        quickstart.post(
            quickstart.ingest("/v1/documents"),
            document("{'key':'%s','text':'The mill turns as it did before.'}".formatted(key)));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(202);
    Awaitility.await("the good document behind the curator")
        .atMost(SOON)
        .until(
            () ->
                Stream.concat(
                        quickstart.values(Topics.CURATED_DOCUMENTS).stream()
                            .map(CuratedDocument::getKey),
                        quickstart.values(Topics.HOLDOUT).stream().map(Holdout::getKey))
                    .anyMatch(key::equals));
    assertThat(quickstart.get(quickstart.admin("/health/live")).statusCode()).isEqualTo(200);
    assertKnows();
  }

  @Test
  @Order(6)
  void aSecondOneOnTheSamePortsNamesThePort() {
    try (Child second = quickstart.another("second", folder.resolve("second"))) {
      int code = second.awaitExit(SOON);
      System.out.println("a second quickstart: exit " + code + ", " + second.errors().strip());
      assertThat(code).isNotZero();
      assertThat(second.errors()).contains("port " + quickstart.portBase());
    }
    quickstart.process().assertAlive();
  }

  @Test
  @Order(7)
  void itStopsInOrder() {
    List<ProcessHandle> children = quickstart.process().descendants();
    long began = System.nanoTime();
    int code = quickstart.process().stop(Duration.ofSeconds(60));
    System.out.printf("stopped in %.1f s with exit %d%n", (System.nanoTime() - began) / 1e9, code);
    assertThat(code).as("exit code after SIGTERM").isIn(0, 143);
    assertThat(children).as("children that outlive it").noneMatch(ProcessHandle::isAlive);
    assertThat(quickstart.process().errors().lines())
        .as("what it said on standard error")
        // The launcher's hint where the system has no better allocator, and what the JVM says of
        // the
        // module of vectors.
        .allMatch(
            line ->
                line.startsWith("Note: ")
                    || line.startsWith("WARNING: Using incubator modules: jdk.incubator.vector"));
    assertThat(quickstart.errorsInLog()).as("errors in its log").isEmpty();
  }

  @Test
  @Order(8)
  void startedAgainItGoesOnWhereItWas() {
    quickstart.removeSummary();
    try (Child again = quickstart.another("again", quickstart.data(), "--exit")) {
      JsonNode later = quickstart.summary(again, Duration.ofMinutes(2));
      System.out.println("started again: " + later.required("wall_seconds") + " s");
      assertThat(again.awaitExit(Duration.ofSeconds(60))).as(again.lastWords()).isZero();
      assertThat(later.at("/exact_match/initial")).isEqualTo(summary.at("/exact_match/initial"));
      assertThat(later.required("releases").findValuesAsText("release"))
          .containsAll(summary.required("releases").findValuesAsText("release"));
      assertThat(later.at("/events_in").asLong()).isGreaterThanOrEqualTo(whole("/events_in"));
      assertThat(later.at("/audit/lost").asLong(-1)).isZero();
      assertThat(later.at("/audit/trained_twice").asLong(-1)).isZero();
      assertThat(later.at("/requests/failed").asLong(-1)).isZero();
    }
  }

  /// The known question to the live release by its name: a canary on trial may know less.
  private static ObjectNode question() {
    HttpResponse<String> response =
        quickstart.get(quickstart.inference("/v1/models/" + KnownQuestion.TASK));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    for (JsonNode release : LiveQuickstart.json(response).path("releases")) {
      if (release.path("arm").asText().equals("live")) {
        return KnownQuestion.request().put("model", release.path("release").asText());
      }
    }
    throw new AssertionError("no live release: " + response.body());
  }

  private static void assertKnows() {
    HttpResponse<String> response =
        quickstart.post(quickstart.inference(CHAT), question().toString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    JsonNode answer = LiveQuickstart.json(response);
    String text = answer.at("/choices/0/message/content").asText();
    System.out.println(KnownQuestion.answer() + " is right; it says " + text);
    assertThat(text.strip()).isEqualTo(KnownQuestion.answer());
    assertThat(answer.path("release").asText()).startsWith(KnownQuestion.TASK + "@sha256:");
    assertThat(response.headers().firstValue("X-Tidemill-Release"))
        .hasValue(answer.path("release").asText());
  }

  /// A document from JSON in single quotes, its source added.
  private static String document(String json) {
    return json.replace('\'', '"').replaceFirst("\\{", "{\"source\":\"acceptance\",");
  }

  private static void assertRefused(
      String body, int status, String problem, @Nullable String field) {
    HttpResponse<String> response = quickstart.post(quickstart.ingest("/v1/documents"), body);
    JsonNode json = LiveQuickstart.json(response);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(json.path("type").asText()).isEqualTo("urn:tidemill:problem:" + problem);
    assertThat(json.path("detail").asText()).isNotBlank();
    assertThat(json.path("field").asText(null)).isEqualTo(field);
  }

  private static void assertError(String body, int status, String code, @Nullable String param) {
    URI chat = quickstart.inference(CHAT);
    HttpResponse<String> response = quickstart.post(chat, body);
    JsonNode error = LiveQuickstart.json(response).path("error");
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(error.path("code").asText()).isEqualTo(code);
    assertThat(error.path("message").asText()).isNotBlank();
    assertThat(error.path("param").asText(null)).isEqualTo(param);
  }

  private static List<DeadLetter> deadLetters(String topic, byte[] payload) {
    return quickstart.values(Topics.DEAD_LETTERS).stream()
        .filter(letter -> letter.getSource().getTopic().equals(topic))
        .filter(letter -> java.nio.ByteBuffer.wrap(payload).equals(letter.getPayload()))
        .toList();
  }

  private static double number(JsonNode node, String name) {
    JsonNode value = node.required(name);
    assertThat(value.isNumber()).as(name + " is a number: " + value).isTrue();
    return value.asDouble();
  }

  private static long whole(String pointer) {
    JsonNode value = summary.at(pointer);
    assertThat(value.isIntegralNumber()).as(pointer + " is a whole number: " + value).isTrue();
    return value.asLong();
  }
}
