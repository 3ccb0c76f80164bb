package dev.tidemill.inference.decode;

import dev.tidemill.inference.decode.Outcome.End;
import dev.tidemill.inference.domain.AnswerRequest.Extras;
import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.generate.DecodeState;
import dev.tidemill.model.generate.Generator;
import dev.tidemill.model.generate.Sampler;
import dev.tidemill.model.generate.TextStream;
import dev.tidemill.model.generate.TokenConstraint;
import dev.tidemill.model.generate.json.JsonConstraint;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A sequence that is being decoded, with its native state. Touched by the engine's thread only;
/// whoever ends it closes it.
final class Running implements AutoCloseable {
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

  /// Reads the prompt; one whose tokens are to be scored only begins to.
  static Running start(Sequence sequence, Generator generator) {
    Extras extras = sequence.extras();
    @Nullable Adapter adapter = sequence.lease().release().adapter();
    DecodeState state =
        extras.scored() && extras.echo()
            ? generator.startScored(sequence.prompt(), adapter)
            : generator.start(sequence.prompt(), adapter);
    try {
      return new Running(sequence, generator, state);
    } catch (RuntimeException e) {
      state.close();
      throw e;
    }
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

  /// What sequences have in common that can be decoded in one call.
  Batch batch() {
    return new Batch(generator.base(), sequence.lease().release().adapter());
  }

  /// The same base and adapter in memory.
  record Batch(BaseModel base, @Nullable Adapter adapter) {}

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
