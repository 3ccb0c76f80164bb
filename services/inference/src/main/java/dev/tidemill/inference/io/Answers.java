package dev.tidemill.inference.io;

import dev.tidemill.events.Arm;
import dev.tidemill.inference.decode.Choices;
import dev.tidemill.inference.decode.DecodeEngine;
import dev.tidemill.inference.decode.Sequence;
import dev.tidemill.inference.decode.SequenceEvent;
import dev.tidemill.inference.domain.AnswerRequest;
import dev.tidemill.inference.domain.ApiProblems;
import dev.tidemill.inference.serving.Lease;
import dev.tidemill.inference.serving.Serving;
import dev.tidemill.model.generate.SamplingParameters;
import dev.tidemill.model.generate.json.JsonTokens;
import dev.tidemill.model.tokenizer.TokenBytes;
import dev.tidemill.platform.http.Problem;
import dev.tidemill.schemas.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/// Admits requests: a release, tokens, places for the records, places in the queue, in this order,
/// and all given back when one is not to be had. Each answer admitted ends with its record.
final class Answers {
  private static final Duration RECORD_PATIENCE = Duration.ofSeconds(1);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private final Serving serving;
  private final DecodeEngine engine;
  private final Prompts prompts;
  private final CompletionLog completions;
  private final CompletionRecords records;
  private final KeyLimits limits;
  private final ApiMeters meters;
  private final InstantSource clock;
  private final Bounds bounds;
  private final WaitEstimate waits;
  private final Mirror mirror;

  /// How much one request may ask for.
  ///
  /// @param maxTokensDefault longest answer when it does not say
  /// @param maxChoices most answers
  /// @param requestTimeout from admission to the last token
  /// @param maxWait longest time that a request may be expected to wait for its place
  record Bounds(int maxTokensDefault, int maxChoices, Duration requestTimeout, Duration maxWait) {}

  Answers(
      Serving serving,
      DecodeEngine engine,
      Prompts prompts,
      CompletionLog completions,
      CompletionRecords records,
      KeyLimits limits,
      ApiMeters meters,
      InstantSource clock,
      Bounds bounds,
      WaitEstimate waits,
      Mirror mirror) {
    this.serving = serving;
    this.engine = engine;
    this.prompts = prompts;
    this.completions = completions;
    this.records = records;
    this.limits = limits;
    this.meters = meters;
    this.clock = clock;
    this.bounds = bounds;
    this.waits = waits;
    this.mirror = mirror;
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
  ///
  /// @param tokens what the release's tokens stand for
  record Admitted(Api.Head head, Choices choices, TokenBytes tokens) {}

  /// Admits a request under an id.
  ///
  /// @throws Problem when it cannot be
  Admitted admit(Api api, AnswerRequest request, Caller caller, String id)
      throws InterruptedException {
    int count = request.choices();
    if (count > bounds.maxChoices()) {
      throw ApiProblems.invalid(
          "n", "n must be at most %d here, not %d".formatted(bounds.maxChoices(), count));
    }
    requireRoom(count);
    Instant at = clock.instant();
    long began = engine.nanos();
    List<Lease> leases = new ArrayList<>();
    List<CompletionLog.Place> places = new ArrayList<>();
    long reserved = 0;
    boolean admitted = false;
    try {
      Lease lease =
          serving.lease(
              request.model(), caller.sticksTo(request.user(), id), bounds.requestTimeout());
      leases.add(lease);
      while (leases.size() < count) {
        leases.add(lease.again());
      }
      int[] prompt = prompts.encode(lease.release().model(), request.prompt());
      SamplingParameters parameters = parameters(api, request, lease, prompt.length);
      long wanted = prompt.length + (long) count * parameters.maxTokens();
      limits.tokens(caller, wanted);
      reserved = wanted;
      places.addAll(completions.reserve(count, RECORD_PATIENCE));
      requireRoom(count);
      mirror.makeRoom(count);
      BlockingQueue<SequenceEvent> events = new LinkedBlockingQueue<>();
      List<Sequence> sequences = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        Asked asked = new Asked(request, caller, CompletionRecords.id(id, i), i, at, began);
        sequences.add(sequence(asked, leases.get(i), prompt, parameters, events, places.get(i)));
      }
      if (!engine.submit(sequences)) {
        throw full();
      }
      admitted = true;
      if (lease.arm() == Arm.LIVE || lease.arm() == Arm.CANARY) {
        Asked asked = new Asked(request, caller, id, 0, at, began);
        mirror.copy(asked, parameters.withSeed(asked.drawnBy()), bounds.requestTimeout());
      }
      String release = lease.release().id();
      return new Admitted(
          new Api.Head(id, at.getEpochSecond(), request.model(), release),
          new Choices(sequences, events),
          lease.release().model().tokenizer().bytes());
    } finally {
      if (!admitted) {
        limits.giveBack(caller, reserved);
        places.forEach(CompletionLog.Place::giveBack);
        leases.forEach(Lease::close);
      }
    }
  }

  /// One of the answers asked for.
  ///
  /// @param began when the request came, by the engine's clock
  record Asked(
      AnswerRequest request, Caller caller, String id, int choice, Instant at, long began) {

    /// That of the client, one more for each choice; null when the client gave none.
    @Nullable Long seed() {
      @Nullable Long first = request.seed();
      return first == null ? null : first + choice;
    }

    /// What its tokens are drawn with: else one that differs from answer to answer and can be told
    /// from the record.
    long drawnBy() {
      @Nullable Long given = seed();
      if (given != null) {
        return given;
      }
      byte[] digest = Sha256.digest().digest(id.getBytes(StandardCharsets.UTF_8));
      return ByteBuffer.wrap(digest).getLong();
    }
  }

  private Sequence sequence(
      Asked asked,
      Lease lease,
      int[] prompt,
      SamplingParameters common,
      BlockingQueue<SequenceEvent> events,
      CompletionLog.Place record) {
    @Nullable Long seed = asked.seed();
    SamplingParameters parameters = common.withSeed(asked.drawnBy());
    AnswerRequest request = asked.request();
    long now = engine.nanos();
    return new Sequence(
        lease,
        new Sequence.Order(asked.choice(), prompt, parameters, request.extras()),
        now,
        bounds.requestTimeout().minusNanos(now - asked.began()),
        events,
        outcome -> {
          meters.ended(lease, outcome);
          if (outcome.completionTokens() > 0) {
            double seconds = outcome.durationSeconds() - outcome.timeToFirstTokenSeconds();
            waits.ended(seconds, engine.waiting());
          }
          limits.giveBack(asked.caller(), parameters.maxTokens() - outcome.completionTokens());
          String producer = asked.caller().producer();
          record.write(
              records.of(
                  asked.id(), request, parameters, seed, producer, asked.at(), lease, outcome));
        });
  }

  /// Refuses what would find no place in the queue, or would have to wait too long for its turn.
  private void requireRoom(int count) {
    if (engine.full(count)) {
      throw full();
    }
    double seconds = expectedWait(count);
    double most = bounds.maxWait().toNanos() / 1e9;
    if (seconds > most) {
      throw Problem.tooManyRequests(
          "so many requests are waiting that this one would wait %.0f s for its turn; try again later"
              .formatted(Math.ceil(seconds)),
          Duration.ofSeconds((long) Math.ceil(seconds - most)));
    }
  }

  /// Seconds that a request would wait now; copies for shadows make way, so they do not count.
  private double expectedWait(int count) {
    return waits.seconds(engine.running() - mirror.copies(), engine.waiting(), count);
  }

  private static Problem full() {
    return Problem.tooManyRequests("too many requests are waiting; try again later", RETRY_AFTER);
  }

  private SamplingParameters parameters(
      Api api, AnswerRequest request, Lease lease, int promptTokens) {
    int longest = engine.longestText(lease.release());
    int room = longest - promptTokens;
    if (room < 1 || promptTokens < 1) {
      throw ApiProblems.contextLength(api.promptParam(), promptTokens, longest);
    }
    @Nullable Integer wanted = request.maxTokens();
    if (request.extras().json()) {
      @Nullable String whyNot = JsonTokens.whyNot(lease.release().model().tokenizer().bytes());
      if (whyNot != null) {
        throw ApiProblems.unsupported(
            "response_format.type",
            "response_format.type json_object does not go with this model: " + whyNot);
      }
    }
    AnswerRequest.Draw draw = request.draw();
    int vocabulary = lease.release().model().config().vocabSize();
    for (int token : draw.penalties().bias().keySet()) {
      if (token >= vocabulary) {
        throw ApiProblems.invalid(
            "logit_bias",
            "logit_bias names token %d, but the model has %d".formatted(token, vocabulary));
      }
    }
    return draw.over(
        lease.release().model().generation(),
        Math.min(wanted == null ? bounds.maxTokensDefault() : wanted, room),
        request.stop());
  }
}
