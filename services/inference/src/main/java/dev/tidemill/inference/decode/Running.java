package dev.tidemill.inference.decode;

import dev.tidemill.inference.decode.Outcome.End;
import dev.tidemill.inference.domain.AnswerRequest.Extras;
import dev.tidemill.inference.serving.ResidentRelease;
import dev.tidemill.model.Adapter;
import dev.tidemill.model.generate.DecodeState;
import dev.tidemill.model.generate.Generator;
import dev.tidemill.model.generate.Sampler;
import dev.tidemill.model.generate.TextStream;
import dev.tidemill.model.generate.TokenConstraint;
import dev.tidemill.model.generate.json.JsonConstraint;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A sequence that is being decoded, with its native state. Touched by the engine's thread only;
/// whoever ends it closes it.
final class Running implements AutoCloseable {
  /// The scope of prompts that are read with the base alone.
  private static final String NO_ADAPTER = "";

  private final Sequence sequence;
  private final Generator generator;
  private final DecodeState state;
  private final Sampler sampler;
  private final @Nullable TokenConstraint constraint;
  private final TextStream stream;
  private final StringBuilder answer = new StringBuilder();
  private final @Nullable ScoredText scores;
  private final @Nullable PromptEcho echo;
  private int echoed;
  private int drawn;
  private long firstTokenNanos;
  private long lastTokenNanos;

  private Running(Sequence sequence, Generator generator, DecodeState state) {
    this.sequence = sequence;
    this.generator = generator;
    this.state = state;
    int longest = sequence.parameters().maxTokens();
    this.constraint =
        sequence.extras().json() ? new JsonConstraint(generator.jsonTokens(), longest) : null;
    this.sampler = new Sampler(sequence.parameters(), constraint, sequence.prompt());
    this.stream = new TextStream(generator.base().tokenizer(), sequence.parameters().stop());
    Extras extras = sequence.extras();
    this.scores = extras.scored() ? new ScoredText() : null;
    this.echo =
        scores != null && extras.echo()
            ? new PromptEcho(generator.base(), scores, extras.scores())
            : null;
  }

  /// Begins with a sequence, whose prompt is then to be [#read]; nothing when there is no room in
  /// the caches.
  static Optional<Running> begin(Sequence sequence, Generator generator) {
    Extras extras = sequence.extras();
    ResidentRelease release = sequence.lease().release();
    @Nullable Adapter adapter = release.adapter();
    int longest = sequence.parameters().maxTokens();
    @Nullable String digest = release.adapterDigest();
    Optional<DecodeState> begun =
        extras.scored() && extras.echo()
            ? generator.beginScored(sequence.prompt(), adapter, longest)
            : generator.begin(
                sequence.prompt(), adapter, longest, digest == null ? NO_ADAPTER : digest);
    return begun.map(
        state -> {
          try {
            return new Running(sequence, generator, state);
          } catch (RuntimeException e) {
            state.close();
            throw e;
          }
        });
  }

  /// Reads on in the prompt, one chunk of it.
  ///
  /// @return whether tokens can be drawn
  boolean read() {
    return generator.read(state);
  }

  /// Tokens of the prompt that were known before, when nothing has been read yet.
  int cached() {
    return state.tokensRead();
  }

  /// Says what there is to say before the first token, and whether the sequence ends with it.
  @Nullable End open() {
    if (echo != null) {
      return read(sequence.prompt()[0], echo);
    }
    if (!sequence.extras().echo()) {
      return null;
    }
    return echoed(generator.base().tokenizer().decode(sequence.prompt()));
  }

  Sequence sequence() {
    return sequence;
  }

  Generator generator() {
    return generator;
  }

  DecodeState state() {
    return state;
  }

  Sampler sampler() {
    return sampler;
  }

  /// Whether the next token is one of the prompt's, not one that is drawn.
  boolean reading() {
    return state.reading();
  }

  /// Takes the token of the prompt that was read last and says whether the sequence ends with it.
  @Nullable End read(int token) {
    return echo == null ? null : read(token, echo);
  }

  private @Nullable End read(int token, PromptEcho prompt) {
    prompt.token(token, state);
    return state.reading() ? null : echoed(prompt.finish());
  }

  private @Nullable End echoed(String text) {
    echoed = text.length();
    emit(text);
    return sequence.parameters().maxTokens() == 0 ? End.LENGTH : null;
  }

  /// Takes the token drawn last and says whether the sequence ends with it.
  @Nullable End take(int token, long nowNanos) {
    drawn++;
    if (drawn == 1) {
      firstTokenNanos = nowNanos;
    }
    lastTokenNanos = nowNanos;
    boolean ends = state.ended() && generator.base().generation().ends(token);
    if (!ends) {
      if (scores != null) {
        scores.token(state.lastScore(sequence.extras().scores()), echoed + stream.decoded());
      }
      answer(stream.next(token));
      if (stream.stopped()) {
        return End.STOP;
      }
    }
    boolean complete = constraint != null && constraint.complete();
    if (ends || complete || state.ended() || drawn >= sequence.parameters().maxTokens()) {
      answer(stream.finish());
      if (scores != null && !stream.stopped()) {
        emit("", scores.rest());
      }
      return ends || complete || stream.stopped() ? End.STOP : End.LENGTH;
    }
    return null;
  }

  Outcome outcome(End end, @Nullable String reason, long nowNanos) {
    long admitted = sequence.admittedNanos();
    return new Outcome(
        end,
        answer.toString(),
        sequence.promptTokens(),
        drawn,
        drawn == 0 ? Double.NaN : (firstTokenNanos - admitted) / 1e9,
        (nowNanos - admitted) / 1e9,
        reason);
  }

  int drawn() {
    return drawn;
  }

  long lastTokenNanos() {
    return lastTokenNanos;
  }

  private void answer(String piece) {
    answer.append(piece);
    emit(piece);
  }

  private void emit(String piece) {
    emit(piece, scores == null ? List.of() : scores.given(piece));
  }

  private void emit(String piece, List<ScoredToken> scored) {
    if (!piece.isEmpty() || !scored.isEmpty()) {
      sequence.emit(piece, scored);
    }
  }

  @Override
  public void close() {
    state.close();
  }
}
