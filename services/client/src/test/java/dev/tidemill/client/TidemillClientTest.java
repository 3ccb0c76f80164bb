package dev.tidemill.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What the client does with answers, from a server that gives those it is told to.
class TidemillClientTest {

  private record Told(int status, String body, @Nullable String retryAfter) {}

  private record Heard(@Nullable String key, @Nullable String apiKey, List<String> lines) {}

  private final LinkedBlockingQueue<Told> told = new LinkedBlockingQueue<>();
  private final List<Heard> heard = new CopyOnWriteArrayList<>();
  private final List<Duration> waits = new ArrayList<>();
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/v1", this::answer);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  @Test
  void aRequestWithoutRoomIsSentAgainWhenItIsTold() {
    told.add(new Told(429, "{\"title\":\"Too many requests\"}", "7"));
    told.add(new Told(503, "no JSON", null));
    told.add(new Told(202, accepted("a"), null));

    Receipt receipt = client().push("my-key", List.of(Erasure.of("u", "r")));

    assertThat(receipt.accepted()).containsExactly(new Receipt.Accepted(0, "a"));
    assertThat(waits.get(0)).isEqualTo(Duration.ofSeconds(7));
    assertThat(waits.get(1)).isBetween(Duration.ofMillis(400), Duration.ofMillis(800));
    assertThat(heard).extracting(Heard::key).containsOnly("my-key");
    assertThat(heard).extracting(Heard::lines).containsOnly(heard.get(0).lines());
    assertThat(heard).extracting(Heard::apiKey).containsOnly("secret");
  }

  @Test
  void whatFindsNoRoomAtAllCanBePushedAgainLater() {
    told.addAll(Collections.nCopies(3, new Told(503, "{\"detail\":\"broker away\"}", "1")));

    UnavailableException e =
        catchThrowableOfType(UnavailableException.class, () -> client().push(Erasure.of("u", "r")));

    assertThat(e).hasMessageContaining("3 attempts").hasMessageContaining("broker away");
    assertThat(e.idempotencyKey()).isEqualTo(heard.get(0).key());
    assertThat(waits).hasSize(2);
  }

  @Test
  void withoutAGatewayItIsUnavailable() {
    TidemillClient client = client();
    server.stop(0);
    assertThatThrownBy(() -> client.push(Erasure.of("u", "r")))
        .isInstanceOf(UnavailableException.class);
  }

  @Test
  void whatIsRefusedIsNotSentAgain() {
    told.add(
        new Told(
            401,
            "{\"type\":\"urn:tidemill:problem:unauthorized\",\"title\":\"Unauthorized\","
                + "\"status\":401,\"detail\":\"the API key is not known\"}",
            null));

    RefusedException e =
        catchThrowableOfType(RefusedException.class, () -> client().push(Erasure.of("u", "r")));

    assertThat(e).hasMessage("401 Unauthorized: the API key is not known");
    assertThat(e.problem().status()).isEqualTo(401);
    assertThat(heard).hasSize(1);
  }

  @Test
  void resultsAreThoseOfTheRecordsOverAllBatches() {
    told.add(new Told(202, accepted("a", "b"), null));
    told.add(
        new Told(
            400,
            "{\"results\":[{\"line\":1,\"status\":\"rejected\",\"problem\":{\"type\":\"t\",\"title\":\"Invalid"
                + " field\",\"status\":400,\"detail\":\"no\",\"field\":\"x\"}}]}",
            null));

    Receipt receipt = client().push("k", List.of(rating("1"), rating("2"), rating("3")));

    assertThat(receipt.accepted()).extracting(Receipt.Accepted::id).containsExactly("a", "b");
    assertThat(receipt.rejected())
        .containsExactly(
            new Receipt.Rejected(2, new Problem("t", "Invalid field", 400, "no", "x")));
    assertThat(heard).extracting(Heard::key).containsExactly("k", "k.1");
    assertThat(heard).extracting(h -> h.lines().size()).containsExactly(2, 1);
  }

  @Test
  void everyFieldIsWritten() {
    told.add(new Told(202, accepted("d"), null));
    Instant time = Instant.parse("2026-11-21T04:00:00Z");

    client()
        .push(
            Document.of("k", "s", "text ".repeat(500))
                .withId("d")
                .withTitle("t")
                .withLicence("MIT")
                .withSubject("u")
                .withTag("a", "b")
                .at(time));

    JsonNode line = Wire.tree(heard.get(0).lines().get(0).getBytes(StandardCharsets.UTF_8));
    assertThat(line.properties().stream().map(java.util.Map.Entry::getKey))
        .containsExactlyInAnyOrder(
            "id", "key", "source", "text", "title", "licence", "subject", "tags", "event_time");
    assertThat(line.path("event_time").asText()).isEqualTo("2026-11-21T04:00:00Z");
    assertThat(line.at("/tags/a").asText()).isEqualTo("b");
  }

  @Test
  void recordsOfTwoKindsAreNotPushedTogether() {
    assertThatThrownBy(() -> client().push(List.of(rating("1"), Erasure.of("u", "r"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("number 1");
  }

  private static Feedback rating(String completion) {
    return Feedback.rating(completion, 1);
  }

  private static String accepted(String... ids) {
    StringBuilder results = new StringBuilder();
    for (int i = 0; i < ids.length; i++) {
      results
          .append(i == 0 ? "" : ",")
          .append("{\"line\":%d,\"id\":\"%s\",\"status\":\"accepted\"}".formatted(i + 1, ids[i]));
    }
    return "{\"results\":[" + results + "]}";
  }

  private TidemillClient client() {
    return TidemillClient.at(URI.create("http://127.0.0.1:" + server.getAddress().getPort()))
        .apiKey("secret")
        .attempts(3)
        .batch(2, 100_000)
        .waiting(waits::add)
        .build();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      boolean packed = "gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"));
      byte[] body =
          packed
              ? new GZIPInputStream(exchange.getRequestBody()).readAllBytes()
              : exchange.getRequestBody().readAllBytes();
      heard.add(
          new Heard(
              exchange.getRequestHeaders().getFirst("Idempotency-Key"),
              exchange.getRequestHeaders().getFirst("X-API-Key"),
              new String(body, StandardCharsets.UTF_8).lines().toList()));
      Told answer = told.remove();
      if (answer.retryAfter() != null) {
        exchange.getResponseHeaders().add("Retry-After", answer.retryAfter());
      }
      byte[] bytes = answer.body().getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(answer.status(), bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }
}
