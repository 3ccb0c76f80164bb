package dev.tidemill.platform.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tidemill.platform.config.ConfigException;
import dev.tidemill.platform.config.HttpConfig;
import dev.tidemill.platform.faults.RejectedFault;
import dev.tidemill.platform.faults.RetriableFault;
import dev.tidemill.platform.metrics.Metrics;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpServerTest {

  enum Role {
    USER,
    ASSISTANT
  }

  record Message(Role role, String content) {
    Message {
      if (content == null || content.isBlank()) {
        throw new IllegalArgumentException("content must not be blank");
      }
    }
  }

  record Chat(
      String modelName,
      List<Message> messages,
      @Nullable Integer maxTokens,
      @Nullable Instant at) {}

  private final PrometheusMeterRegistry metrics = Metrics.create();
  private final HttpClient client = HttpClient.newHttpClient();
  private final CountDownLatch slowBegan = new CountDownLatch(1);
  private final CountDownLatch slowMayEnd = new CountDownLatch(1);
  private final CountDownLatch watching = new CountDownLatch(1);
  private final CompletableFuture<Boolean> wasGone = new CompletableFuture<>();
  private HttpServer server;

  @SuppressWarnings("NullAway.Init")
  HttpServerTest() {}

  @BeforeEach
  void start() {
    server =
        HttpServerFactory.start(
            "chat",
            new HttpConfig("127.0.0.1", 0, 1000),
            metrics,
            rules ->
                rules
                    .post(
                        "/v1/chat/{task}",
                        (request, response) ->
                            response.send(
                                Json.mapper()
                                    .writeValueAsBytes(JsonBody.read(request, Chat.class))))
                    .get("/v1/chat/{task}", (request, response) -> response.send("got"))
                    .get(
                        "/slow",
                        (request, response) -> {
                          slowBegan.countDown();
                          slowMayEnd.await();
                          response.send("slow");
                        })
                    .post(
                        "/watching",
                        (request, response) -> {
                          JsonBody.bytes(request);
                          ClientPresence client = ClientPresence.current();
                          client.watch();
                          watching.countDown();
                          while (!client.gone() && slowMayEnd.getCount() > 0) {
                            Thread.onSpinWait();
                          }
                          wasGone.complete(client.gone());
                          response.send("there");
                        })
                    .get(
                        "/broken",
                        (request, response) -> {
                          throw new IllegalStateException("a secret");
                        })
                    .get(
                        "/away",
                        (request, response) -> {
                          throw new RetriableFault("the broker is away");
                        })
                    .get(
                        "/rejected",
                        (request, response) -> {
                          throw new RejectedFault("no such thing");
                        }));
  }

  @AfterEach
  void stop() {
    slowMayEnd.countDown();
    server.close();
  }

  @Test
  void aSoundBodyIsRead() throws Exception {
    HttpResponse<String> answer =
        post(
            """
            {"model_name": "support", "messages": [{"role": "USER", "content": "hi"}],
             "at": "2026-01-02T03:04:05Z"}
            """);
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body())
        .isEqualTo(
            """
            {"model_name":"support","messages":[{"role":"USER","content":"hi"}],\
            "at":"2026-01-02T03:04:05Z"}\
            """);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"model_name": 3}                            | model_name          | model_name must be a string
          {"model_name": "m", "max_tokens": "many"}    | max_tokens          | max_tokens must be a whole number
          {"model_name": "m", "max_tokens": 1.5}       | max_tokens          | max_tokens must be a whole number
          {"model_name": "m", "max_tokens": "3"}       | max_tokens          | max_tokens must be a whole number
          {"model_name": "m", "messages": {}}          | messages            | messages must be a list
          {"messages": [{"role": "USER", "content": ""}]} | messages[0]      | content must not be blank
          {"messages": [{"role": "KING", "content": "x"}]} | messages[0].role | messages[0].role must be one of USER, ASSISTANT, not 'KING'
          {"messages": [{"role": 1, "content": "x"}]}  | messages[0].role    | messages[0].role must be one of USER, ASSISTANT
          {"messages": ["x"]}                          | messages[0]         | messages[0] must be an object
          {"at": "yesterday"}                          | at                  | at must be an ISO-8601 instant, not 'yesterday'
          {"modelname": "m"}                           | modelname           | modelname is not known; known here: at, max_tokens, messages, model_name
          {"messages": [{"rle": "USER"}]}              | messages[0].rle     | messages[0].rle is not known; known here: content, role
          {"model_name": "m"                           | ``                  | the body is not sound JSON at line 1, column 19: the value ends too early
          {"model_name": m}                            | ``                  | the body is not sound JSON at line 1, column 16:
          {"model_name": "m", "model_name": "n"}       | ``                  | duplicate field 'model_name'
          {"model_name": "m"} {}                       | ``                  | there is more after the end of the value
          []                                           | ``                  | the body must be an object
          null                                         | ``                  | the body is null; an object is wanted
          ``                                           | ``                  | the request has no body; JSON is wanted
          """)
  void aBadBodyIsAProblemThatNamesTheField(String body, String field, String detail)
      throws Exception {
    HttpResponse<String> answer = post(body);
    JsonNode problem = problem(answer, 400);
    assertThat(problem.path("detail").asText()).contains(detail);
    assertThat(problem.path("field").asText()).isEqualTo(field);
    assertThat(problem.path("instance").asText()).isEqualTo("/v1/chat/support");
    assertThat(answer.body()).doesNotContain("jackson", "Exception", "java.");
  }

  @Test
  void unknownPathsAndMethodsAreProblems() throws Exception {
    JsonNode nowhere = problem(get("/nowhere"), 404);
    assertThat(nowhere.path("detail").asText()).isEqualTo("there is no /nowhere here");
    assertThat(nowhere.path("type").asText()).isEqualTo("urn:tidemill:problem:not-found");
    HttpResponse<String> deleted = send(request("/v1/chat/support").DELETE());
    JsonNode problem = problem(deleted, 405);
    assertThat(problem.path("detail").asText())
        .isEqualTo("/v1/chat/support does not answer DELETE; it answers GET, POST");
    assertThat(deleted.headers().firstValue("Allow")).hasValue("GET, POST");
  }

  @Test
  void bodiesBeyondTheLimitAre413() throws Exception {
    String body = "{\"model_name\": \"" + "x".repeat(2000) + "\"}";
    assertThat(problem(post(body), 413).path("detail").asText())
        .isEqualTo("the request's body is longer than the limit of 1000 bytes");
    HttpResponse<String> chunked =
        send(
            request("/v1/chat/support")
                .header("Content-Type", "application/json")
                .POST(
                    BodyPublishers.ofInputStream(
                        () ->
                            new ByteArrayInputStream(
                                body.getBytes(java.nio.charset.StandardCharsets.UTF_8)))));
    assertThat(problem(chunked, 413).path("title").asText()).isEqualTo("Body too large");
  }

  @Test
  void theClientSeesThe413OfALargeBodyEveryTime() throws Exception {
    String body = "{\"model_name\": \"" + "x".repeat(2_000_000) + "\"}";
    for (int i = 0; i < 30; i++) {
      problem(post(body), 413);
      assertThat(get("/v1/chat/support").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void otherContentTypesAre415() throws Exception {
    HttpResponse<String> answer =
        send(
            request("/v1/chat/support")
                .header("Content-Type", "text/xml")
                .POST(BodyPublishers.ofString("<a/>")));
    assertThat(problem(answer, 415).path("detail").asText())
        .isEqualTo("the content type must be application/json, not text/xml");
  }

  @Test
  void exceptionsBecomeProblemsWithoutTheirSecrets() throws Exception {
    HttpResponse<String> broken = get("/broken");
    problem(broken, 500);
    assertThat(broken.body()).doesNotContain("secret", "IllegalState");
    HttpResponse<String> away = get("/away");
    assertThat(problem(away, 503).path("detail").asText()).isEqualTo("the broker is away");
    assertThat(away.headers().firstValue("Retry-After")).hasValue("1");
    assertThat(problem(get("/rejected"), 400).path("detail").asText()).isEqualTo("no such thing");
  }

  @Test
  void aHeadThatIsNotHttpIsAProblem() throws Exception {
    HttpResponse<String> answer = get("/v1/chat/%zz".replace("%zz", "a%00b"));
    assertThat(answer.body()).doesNotContain("Exception", "\tat ");
  }

  @Test
  void requestsAreTimedByRoute() throws Exception {
    get("/v1/chat/support");
    get("/nowhere");
    // A request is counted once its answer is sent, which the client may see first.
    Awaitility.await()
        .untilAsserted(
            () ->
                assertThat(
                        metrics
                            .scrape()
                            .lines()
                            .filter(l -> l.startsWith("tidemill_http_request_seconds_count")))
                    .containsExactlyInAnyOrder(
                        "tidemill_http_request_seconds_count{method=\"GET\","
                            + "route=\"/v1/chat/{task}\",server=\"chat\",status=\"200\"} 1",
                        "tidemill_http_request_seconds_count{method=\"GET\","
                            + "route=\"none\",server=\"chat\",status=\"404\"} 1"));
  }

  @Test
  void closingWaitsForRequestsUnderWay() throws Exception {
    CompletableFuture<HttpResponse<String>> slow =
        client.sendAsync(request("/slow").GET().build(), BodyHandlers.ofString());
    slowBegan.await();
    CompletableFuture<Void> closing = CompletableFuture.runAsync(server::close);
    assertThat(closing).isNotDone();
    slowMayEnd.countDown();
    assertThat(slow.get().body()).isEqualTo("slow");
    closing.get();
  }

  @Test
  void aTakenPortIsNamed() {
    HttpConfig same = HttpConfig.of("127.0.0.1", server.port());
    assertThatThrownBy(() -> HttpServerFactory.start("second", same, metrics, rules -> {}))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("second cannot listen on 127.0.0.1:" + server.port() + ": ");
  }

  private JsonNode problem(HttpResponse<String> answer, int status) throws Exception {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(answer.headers().firstValue("Content-Type")).hasValue(ProblemDetails.CONTENT_TYPE);
    JsonNode problem = Json.mapper().readTree(answer.body());
    assertThat(problem.path("status").asInt()).isEqualTo(status);
    return problem;
  }

  private HttpResponse<String> post(String body) throws Exception {
    return send(
        request("/v1/chat/support")
            .header("Content-Type", "application/json; charset=utf-8")
            .POST(BodyPublishers.ofString(body)));
  }

  private HttpResponse<String> get(String path) throws Exception {
    return send(request(path).GET());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(server.uri() + path)).timeout(Duration.ofSeconds(20));
  }

  private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), BodyHandlers.ofString());
  }

  @Test
  void aHandlerLearnsThatItsClientHasHungUp() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      write(socket, "POST /watching HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
      watching.await();
      assertThat(wasGone).isNotDone();
    }
    assertThat(wasGone.get(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aClientThatIsWatchedMaySendItsNextRequestAlready() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      write(socket, "POST /watching HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
      watching.await();
      write(socket, "GET /v1/chat/support HTTP/1.1\r\nHost: x\r\n\r\n");
      write(socket, "GET /v1/chat/support HTTP/1.1\r\nHost: x\r\n\r\n");
      slowMayEnd.countDown();
      socket.setSoTimeout(10_000);
      StringBuilder all = new StringBuilder();
      while (!all.toString().matches("(?s).*there.*got.*got")) {
        all.append((char) socket.getInputStream().read());
      }
      assertThat(wasGone.get()).isFalse();
    }
  }

  private static void write(Socket socket, String request) throws IOException {
    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
    socket.getOutputStream().flush();
  }
}
