package dev.tidemill.inference.io;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.inference.decode.Outcome;
import dev.tidemill.inference.decode.SequenceEvent;
import dev.tidemill.inference.domain.AnswerRequest;
import dev.tidemill.inference.io.Answers.Admitted;
import dev.tidemill.inference.io.Answers.Caller;
import dev.tidemill.inference.serving.KnownReleases;
import dev.tidemill.inference.serving.Serving;
import dev.tidemill.platform.http.ClientPresence;
import dev.tidemill.platform.http.Json;
import dev.tidemill.platform.http.JsonBody;
import dev.tidemill.platform.http.KeyRing;
import dev.tidemill.platform.http.Problem;
import dev.tidemill.platform.ids.Ids;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// OpenAI's API: chat completions, completions, models. Handlers run on virtual threads and only
/// wait; decoding is the engine's.
final class OpenAiApi {
  private static final HeaderName RELEASE = HeaderNames.create("X-Tidemill-Release");
  private static final HeaderName SESSION = HeaderNames.create("X-Session-Id");

  /// As other servers note it in their logs and metrics.
  private static final Status CLIENT_GONE = Status.create(499, "Client Closed Request");

  /// Between two looks whether the client of a whole answer is still there.
  private static final Duration LOOK = Duration.ofMillis(100);

  private final Answers answers;
  private final Serving serving;
  private final KnownReleases known;
  private final KeyRing keys;
  private final KeyLimits limits;
  private final ApiMeters meters;
  private final Ids ids;
  private final Duration pingInterval;

  OpenAiApi(
      Answers answers,
      Serving serving,
      KnownReleases known,
      KeyRing keys,
      KeyLimits limits,
      ApiMeters meters,
      Ids ids,
      Duration pingInterval) {
    this.answers = answers;
    this.serving = serving;
    this.known = known;
    this.keys = keys;
    this.limits = limits;
    this.meters = meters;
    this.ids = ids;
    this.pingInterval = pingInterval;
  }

  void register(HttpRules rules) {
    rules.post("/v1/chat/completions", (request, response) -> answer(Api.CHAT, request, response));
    rules.post("/v1/completions", (request, response) -> answer(Api.TEXT, request, response));
    rules.get("/v1/models", this::models);
    rules.get("/v1/models/{model}", this::model);
  }

  private void answer(Api api, ServerRequest request, ServerResponse response)
      throws InterruptedException, JsonProcessingException {
    String task = "";
    Admitted admitted;
    AnswerRequest asked;
    try {
      Caller caller = caller(request);
      limits.request(caller);
      asked = api.read(JsonBody.bytes(request));
      task = serving.table().tasks().containsKey(asked.model()) ? asked.model() : "";
      limits.requireAllowed(caller, asked.model());
      admitted = answers.admit(api, asked, caller, api.idPrefix() + ids.next());
    } catch (Problem e) {
      meters.refused(task, e);
      throw e;
    }
    response.header(RELEASE, admitted.head().release());
    try {
      if (asked.stream()) {
        new AnswerStream(api, admitted, asked, pingInterval).run(response);
      } else {
        whole(api, admitted, asked, response);
      }
    } finally {
      // Without effect on sequences that have ended; whatever broke off here, the engine goes on
      // with nothing that nobody reads.
      admitted.choices().cancel();
    }
  }

  private void whole(Api api, Admitted admitted, AnswerRequest asked, ServerResponse response)
      throws InterruptedException, JsonProcessingException {
    List<Choice> choices = Stream.generate(Choice::new).limit(admitted.choices().size()).toList();
    ClientPresence client = ClientPresence.current();
    client.watch();
    int ended = 0;
    while (ended < choices.size()) {
      if (client.gone()) {
        // Nobody reads it; it only ends the request in order.
        response.status(CLIENT_GONE).send();
        return;
      }
      switch (admitted.choices().next(LOOK)) {
        case null -> {}
        case SequenceEvent.Text text -> choices.get(text.choice()).add(text);
        case SequenceEvent.Ended last -> {
          if (!last.outcome().end().whole()) {
            throw problem(last.outcome());
          }
          choices.get(last.choice()).end(last.outcome());
          ended++;
        }
      }
    }
    List<ObjectNode> scores =
        asked.extras().scored()
            ? choices.stream().map(one -> api.scores(one.scores(), admitted.tokens())).toList()
            : List.of();
    send(response, api.whole(admitted.head(), choices, scores));
  }

  /// Why a client has no whole answer.
  static Problem problem(Outcome outcome) {
    String reason = String.valueOf(outcome.reason());
    return switch (outcome.end()) {
      case DEADLINE -> Problem.of(504, "deadline_exceeded", "Too slow", reason, null);
      case STOPPED -> Problem.unavailable(reason, Duration.ofSeconds(1));
      case CANCELLED, FAILED, STOP, LENGTH -> Problem.internal();
    };
  }

  private void models(ServerRequest request, ServerResponse response)
      throws JsonProcessingException {
    Caller caller = caller(request);
    send(response, Models.list(serving.table(), task -> limits.allows(caller, task)));
  }

  private void model(ServerRequest request, ServerResponse response)
      throws JsonProcessingException {
    Caller caller = caller(request);
    String model = request.path().pathParameters().get("model");
    limits.requireAllowed(caller, model);
    send(response, Models.one(serving.table(), known, model));
  }

  private Caller caller(ServerRequest request) {
    @Nullable String key = keys.isEmpty() ? null : keys.owner(key(request));
    @Nullable String session =
        request.headers().first(SESSION).filter(value -> !value.isBlank()).orElse(null);
    return new Caller(key, session);
  }

  private static String key(ServerRequest request) {
    @Nullable String key =
        KeyRing.bearer(request.headers().first(HeaderNames.AUTHORIZATION).orElse(null));
    if (key == null) {
      throw Problem.unauthorized(
          "an API key is wanted in the header Authorization, as Bearer and the key");
    }
    return key;
  }

  private static void send(ServerResponse response, JsonNode body) throws JsonProcessingException {
    response.header(HeaderNames.CONTENT_TYPE, "application/json");
    response.send(Json.mapper().writeValueAsBytes(body));
  }
}
