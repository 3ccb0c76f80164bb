package dev.tidemill.model.generate;

import ai.djl.pytorch.engine.PtNDArray;
import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// One sequence in the making: its tokens, its key-value cache, and the adapter that it started
/// with and keeps to the end. Belongs to the thread of its [Generator]; close it to give the
/// cache back.
public final class DecodeState implements AutoCloseable {
  private final BaseModel base;
  private final @Nullable Adapter adapter;
  private final int promptTokens;
  private int[] tokens;
  private int count;
  private @Nullable PtNDArray cache;
  private final int virtual;
  private int cached;
  private float[] logits;

  /// @param read tokens of the prompt that are in the cache; the others follow one at a time
  DecodeState(
      BaseModel base,
      @Nullable Adapter adapter,
      int[] prompt,
      int read,
      PtNDArray cache,
      float[] logits) {
    this.base = base;
    this.adapter = adapter;
    this.promptTokens = prompt.length;
    this.tokens = Arrays.copyOf(prompt, prompt.length + 64);
    this.count = read;
    this.cache = cache;
    this.virtual = adapter == null ? 0 : adapter.method().virtualTokens();
    this.cached = virtual + read;
    this.logits = logits;
  }

  /// Whether the next token is still one of the prompt's.
  public boolean reading() {
    return count < promptTokens;
  }

  /// How likely the model found the token that was read or drawn last, before anything was changed
  /// about its logits.
  ///
  /// @param top how many of the likeliest tokens are named beside it
  public TokenScore lastScore(int top) {
    if (upToDate()) {
      throw new IllegalStateException("Nothing has been read or drawn by these logits yet.");
    }
    return TokenScore.of(logits, lastToken(), top);
  }

  /// Tokens so far, the prompt first.
  public int[] tokens() {
    return Arrays.copyOf(tokens, count);
  }

  public int promptTokens() {
    return promptTokens;
  }

  /// Tokens drawn so far, the one that ended the sequence included.
  public int generatedTokens() {
    return Math.max(0, count - promptTokens);
  }

  public @Nullable Adapter adapter() {
    return adapter;
  }

  /// Whether the last token ends the answer, or the model's longest sequence is reached.
  public boolean ended() {
    return finish() != null;
  }

  /// Why it ended, or null while it goes on.
  public @Nullable FinishReason finish() {
    if (count > promptTokens && base.generation().ends(tokens[count - 1])) {
      return FinishReason.STOP;
    }
    return virtual + count >= base.config().maxPositions() ? FinishReason.LENGTH : null;
  }

  /// Gives the cache back, and the hold on base and adapter. Closing twice does nothing.
  @Override
  public void close() {
    PtNDArray held = cache;
    if (held != null) {
      cache = null;
      held.close();
      base.weights().release();
      if (adapter != null) {
        adapter.weights().release();
      }
    }
  }

  PtNDArray cache() {
    PtNDArray held = cache;
    if (held == null) {
      throw new IllegalStateException("This sequence has been closed.");
    }
    return held;
  }

  void replaceCache(PtNDArray larger) {
    cache().close();
    cache = larger;
  }

  /// Places of the cache that are taken: the adapter's virtual tokens, then tokens; a drawn token
  /// gets there when the next is drawn.
  int cached() {
    return cached;
  }

  int lastToken() {
    return tokens[count - 1];
  }

  /// Whether the logits are those after the last token.
  boolean upToDate() {
    return cached == virtual + count;
  }

  void advanced(float[] newLogits) {
    cached++;
    logits = newLogits;
  }

  /// The prompt's next token, while [#reading()].
  int nextOfPrompt() {
    return tokens[count];
  }

  float[] logits() {
    return logits;
  }

  void append(int token) {
    if (count == tokens.length) {
      tokens = Arrays.copyOf(tokens, count * 2);
    }
    tokens[count++] = token;
  }
}
