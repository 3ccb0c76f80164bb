package dev.tidemill.inference.io;

import dev.tidemill.events.Completion;
import dev.tidemill.events.Message;
import dev.tidemill.events.Sampling;
import dev.tidemill.inference.decode.DecodeEngine;
import dev.tidemill.inference.decode.Outcome;
import dev.tidemill.inference.decode.Sequence;
import dev.tidemill.inference.domain.AnswerRequest;
import dev.tidemill.inference.domain.ApiProblems;
import dev.tidemill.inference.serving.Lease;
import dev.tidemill.inference.serving.Serving;
import dev.tidemill.model.generate.Penalties;
import dev.tidemill.model.generate.SamplingParameters;
import dev.tidemill.platform.http.Problem;
import dev.tidemill.schemas.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Admits requests: a release, tokens, a place for the record, a place in the queue, in this order,
/// and all given back when one is not to be had. What is admitted ends with a completion record.
final class Answers {
  private static final Duration RECORD_PATIENCE = Duration.ofSeconds(1);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private final Serving serving;
  private final DecodeEngine engine;
  private final Prompts prompts;
  private final CompletionLog completions;
  private final ApiMeters meters;
  private final InstantSource clock;
  private final String replica;
  private final int maxTokensDefault;
  private final Duration requestTimeout;

  /// @param replica the id of this replica
  Answers(
      Serving serving,
      DecodeEngine engine,
      Prompts prompts,
      CompletionLog completions,
      ApiMeters meters,
      InstantSource clock,
      String replica,
      int maxTokensDefault,
      Duration requestTimeout) {
    this.serving = serving;
    this.engine = engine;
    this.prompts = prompts;
    this.completions = completions;
    this.meters = meters;
    this.clock = clock;
    this.replica = replica;
    this.maxTokensDefault = maxTokensDefault;
    this.requestTimeout = requestTimeout;
  }

  /// Who asks.
  ///
  /// @param key name of the API key; null when none is wanted
  /// @param session of the client's own making; null when it named none
  record Caller(@Nullable String key, @Nullable String session) {

    /// What the arm sticks to: the user, else the key, else the session, else this request alone.
    String sticksTo(@Nullable String user, String id) {
      return user != null ? user : key != null ? key : session != null ? session : id;
    }

    String producer() {
      return key == null ? "anonymous" : key;
    }
  }

  /// A request on its way.
  record Admitted(Api.Head head, Sequence sequence) {}

  /// Admits a request under an id.
  ///
  /// @throws Problem when it cannot be
  Admitted admit(Api api, AnswerRequest request, Caller caller, String id)
      throws InterruptedException {
    if (engine.full()) {
      throw full();
    }
    Instant at = clock.instant();
    Lease lease = serving.lease(request.model(), caller.sticksTo(request.user(), id));
    CompletionLog.@Nullable Place place = null;
    boolean admitted = false;
    try {
      int[] prompt = prompts.encode(lease.release().model(), request.prompt());
      SamplingParameters parameters = parameters(api, request, lease, prompt.length, id);
      CompletionLog.Place record = completions.reserve(RECORD_PATIENCE);
      place = record;
      Sequence sequence =
          new Sequence(
              lease,
              prompt,
              parameters,
              engine.nanos(),
              requestTimeout,
              outcome -> {
                meters.ended(lease, outcome);
                record.write(completion(request, parameters, caller, id, at, lease, outcome));
              });
      if (!engine.submit(sequence)) {
        throw full();
      }
      admitted = true;
      String release = lease.release().id();
      return new Admitted(
          new Api.Head(id, at.getEpochSecond(), request.model(), release), sequence);
    } finally {
      if (!admitted) {
        if (place != null) {
          place.giveBack();
        }
        lease.close();
      }
    }
  }

  private static Problem full() {
    return Problem.tooManyRequests("too many requests are waiting; try again later", RETRY_AFTER);
  }

  private SamplingParameters parameters(
      Api api, AnswerRequest request, Lease lease, int promptTokens, String id) {
    int longest = lease.release().model().config().maxPositions();
    int room = longest - promptTokens;
    if (room < 1 || promptTokens < 1) {
      throw ApiProblems.contextLength(api.promptParam(), promptTokens, longest);
    }
    @Nullable Integer wanted = request.maxTokens();
    @Nullable Long seed = request.seed();
    AnswerRequest.Draw draw = request.draw();
    int vocabulary = lease.release().model().config().vocabSize();
    for (int token : draw.penalties().bias().keySet()) {
      if (token >= vocabulary) {
        throw ApiProblems.invalid(
            "logit_bias",
            "logit_bias names token %d, but the model has %d".formatted(token, vocabulary));
      }
    }
    return new SamplingParameters(
        draw.temperature(),
        draw.topP(),
        draw.topK(),
        draw.minP(),
        draw.penalties(),
        seed == null ? seedOf(id) : seed,
        Math.min(wanted == null ? maxTokensDefault : wanted, room),
        request.stop());
  }

  private static Sampling sampling(SamplingParameters parameters, @Nullable Long seed) {
    Penalties penalties = parameters.penalties();
    Map<String, Double> bias = new TreeMap<>();
    penalties.bias().forEach((token, value) -> bias.put(Integer.toString(token), value));
    return Sampling.newBuilder()
        .setTemperature(parameters.temperature())
        .setTopP(parameters.topP())
        .setTopK(parameters.topK())
        .setMinP(parameters.minP())
        .setRepetitionPenalty(penalties.repetition())
        .setPresencePenalty(penalties.presence())
        .setFrequencyPenalty(penalties.frequency())
        .setLogitBias(bias)
        .setMaxTokens(parameters.maxTokens())
        .setSeed(seed)
        .build();
  }

  /// A seed that differs from request to request and can be told from the record.
  private static long seedOf(String id) {
    byte[] digest = Sha256.digest().digest(id.getBytes(StandardCharsets.UTF_8));
    return ByteBuffer.wrap(digest).getLong();
  }

  private Completion completion(
      AnswerRequest request,
      SamplingParameters parameters,
      Caller caller,
      String id,
      Instant at,
      Lease lease,
      Outcome outcome) {
    // Without a first token, the time waited for it.
    double firstToken =
        Double.isNaN(outcome.timeToFirstTokenSeconds())
            ? outcome.durationSeconds()
            : outcome.timeToFirstTokenSeconds();
    return Completion.newBuilder()
        .setId(id)
        .setTask(lease.release().task())
        .setRelease(lease.release().id())
        .setBase(lease.release().baseDigest())
        .setAdapter(lease.release().adapterDigest())
        .setArm(lease.arm())
        .setReplica(replica)
        .setProducer(caller.producer())
        .setSubject(request.user())
        .setPrompt(
            request.prompt().messages().stream()
                .map(message -> new Message(message.role(), message.content()))
                .toList())
        .setAnswer(outcome.text())
        .setSampling(sampling(parameters, request.seed()))
        .setFinishReason(outcome.end().finishReason())
        .setPromptTokens(outcome.promptTokens())
        .setCompletionTokens(outcome.completionTokens())
        .setTimeToFirstTokenSeconds(firstToken)
        .setDurationSeconds(outcome.durationSeconds())
        .setEventTime(at)
        .build();
  }
}
