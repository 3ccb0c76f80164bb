package dev.tidemill.model.tokenizer;

/// Text of one sequence, token by token. Used by one thread.
public final class StreamingDecoder {
  StreamingDecoder() {}

  /// Takes the next token and returns the text that became certain with it, often the token's,
  /// empty in the middle of a character.
  public String next(int token) {
    throw new UnsupportedOperationException();
  }

  /// What is left at the end: an unfinished character as U+FFFD, otherwise nothing.
  public String finish() {
    throw new UnsupportedOperationException();
  }
}
