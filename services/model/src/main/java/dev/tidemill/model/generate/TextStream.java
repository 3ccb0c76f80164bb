package dev.tidemill.model.generate;

import dev.tidemill.model.tokenizer.Tokenizer;
import java.util.List;

/// Turns drawn tokens into text that may be sent: whole characters only, nothing of a stop text,
/// and nothing that could still become one. Used by one thread.
public final class TextStream {
  public TextStream(Tokenizer tokenizer, List<String> stop) {
    throw new UnsupportedOperationException(tokenizer + " " + stop);
  }

  /// Takes the next token and returns the text that can be sent now, often empty.
  public String next(int token) {
    throw new UnsupportedOperationException();
  }

  /// Whether a stop text has come up: everything after it is dropped.
  public boolean stopped() {
    throw new UnsupportedOperationException();
  }

  /// The held-back rest at the end of the answer.
  public String finish() {
    throw new UnsupportedOperationException();
  }
}
