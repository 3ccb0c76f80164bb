package dev.tidemill.model.generate;

import dev.tidemill.model.Adapter;
import org.jspecify.annotations.Nullable;

/// One sequence in the making: its tokens, its key-value cache, and the adapter that it started
/// with and keeps to the end. Belongs to the thread of its [Generator]; close it to give the
/// cache back.
public final class DecodeState implements AutoCloseable {
  DecodeState() {}

  /// Tokens so far, the prompt first.
  public int[] tokens() {
    throw new UnsupportedOperationException();
  }

  public int promptTokens() {
    throw new UnsupportedOperationException();
  }

  /// Tokens drawn so far, the one that ended the sequence included.
  public int generatedTokens() {
    throw new UnsupportedOperationException();
  }

  public @Nullable Adapter adapter() {
    throw new UnsupportedOperationException();
  }

  /// Whether the last token ends the answer, or the model's longest sequence is reached.
  public boolean ended() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}
}
