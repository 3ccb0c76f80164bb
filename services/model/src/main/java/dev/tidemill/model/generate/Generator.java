package dev.tidemill.model.generate;

import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.ChatMessage;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Decodes with one base. Owned by the thread that made it: every call from another thread is
/// refused. Sequences are advanced one token at a time and may be interleaved as the caller
/// likes, each with its own adapter.
public final class Generator implements AutoCloseable {
  public Generator(BaseModel base) {
    throw new UnsupportedOperationException(base.toString());
  }

  public BaseModel base() {
    throw new UnsupportedOperationException();
  }

  /// Reads a prompt.
  ///
  /// @throws IllegalArgumentException when the prompt is empty or does not leave room for a token
  public DecodeState start(int[] prompt, @Nullable Adapter adapter) {
    throw new UnsupportedOperationException();
  }

  /// Draws the next token of a sequence.
  public int next(DecodeState state, Sampler sampler) {
    throw new UnsupportedOperationException();
  }

  /// Draws the next token of several sequences that share an adapter (or have none), in one
  /// program call; the result is in the order of the states.
  public int[] nextAll(List<DecodeState> states, List<Sampler> samplers) {
    throw new UnsupportedOperationException();
  }

  /// Logits after the last token of a sequence.
  public float[] logits(DecodeState state) {
    throw new UnsupportedOperationException();
  }

  /// Answers a conversation.
  public String generate(
      List<ChatMessage> messages, @Nullable Adapter adapter, SamplingParameters parameters) {
    throw new UnsupportedOperationException();
  }

  /// Continues a prompt to its end, giving pieces of text to `onText` as they become certain.
  public Generation generate(
      int[] prompt,
      @Nullable Adapter adapter,
      SamplingParameters parameters,
      Consumer<String> onText) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}
}
