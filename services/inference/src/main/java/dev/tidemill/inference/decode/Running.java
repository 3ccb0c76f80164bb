package dev.tidemill.inference.decode;

import dev.tidemill.inference.decode.Outcome.End;
import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.generate.DecodeState;
import dev.tidemill.model.generate.Generator;
import dev.tidemill.model.generate.Sampler;
import dev.tidemill.model.generate.TextStream;
import org.jspecify.annotations.Nullable;

/// A sequence that is being decoded, with its native state. Touched by the engine's thread only;
/// whoever ends it closes it.
final class Running implements AutoCloseable {
  private final Sequence sequence;
  private final Generator generator;
  private final DecodeState state;
  private final Sampler sampler;
  private final TextStream stream;
  private final StringBuilder answer = new StringBuilder();
  private int drawn;
  private long firstTokenNanos;
  private long lastTokenNanos;

  private Running(Sequence sequence, Generator generator, DecodeState state) {
    this.sequence = sequence;
    this.generator = generator;
    this.state = state;
    this.sampler = new Sampler(sequence.parameters(), sequence.prompt());
    this.stream = new TextStream(generator.base().tokenizer(), sequence.parameters().stop());
  }

  /// Reads the prompt.
  static Running start(Sequence sequence, Generator generator) {
    DecodeState state = generator.start(sequence.prompt(), sequence.lease().release().adapter());
    try {
      return new Running(sequence, generator, state);
    } catch (RuntimeException e) {
      state.close();
      throw e;
    }
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

  /// Takes the token drawn last and says whether the sequence ends with it.
  @Nullable End take(int token, long nowNanos) {
    drawn++;
    if (drawn == 1) {
      firstTokenNanos = nowNanos;
    }
    lastTokenNanos = nowNanos;
    boolean ends = state.ended() && token == generator.base().config().eosTokenId();
    if (!ends) {
      emit(stream.next(token));
      if (stream.stopped()) {
        return End.STOP;
      }
    }
    if (ends || state.ended() || drawn >= sequence.parameters().maxTokens()) {
      emit(stream.finish());
      return ends ? End.STOP : stream.stopped() ? End.STOP : End.LENGTH;
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

  private void emit(String piece) {
    if (!piece.isEmpty()) {
      answer.append(piece);
      sequence.emit(piece);
    }
  }

  @Override
  public void close() {
    state.close();
  }
}
