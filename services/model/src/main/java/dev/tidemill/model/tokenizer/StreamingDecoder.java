package dev.tidemill.model.tokenizer;

import java.util.Arrays;

/// Text of one sequence, token by token. Used by one thread.
///
/// A token may be a part of a character, and its text may depend on the token before it. So a
/// short window of tokens is decoded with and without the new one, and the difference is given
/// out once it does not end in the middle of a character.
public final class StreamingDecoder {
  private static final char REPLACEMENT = '\ufffd';

  private final Tokenizer tokenizer;
  private int[] tokens = new int[64];
  private int count;
  private int windowStart;
  private int given;

  StreamingDecoder(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /// Takes the next token and returns the text that became certain with it, often the token's,
  /// empty in the middle of a character.
  public String next(int token) {
    if (count == tokens.length) {
      tokens = Arrays.copyOf(tokens, count * 2);
    }
    tokens[count++] = token;
    String before = tokenizer.decode(tokens, windowStart, given);
    String after = tokenizer.decode(tokens, windowStart, count);
    if (after.isEmpty()
        || after.charAt(after.length() - 1) == REPLACEMENT
        || after.length() <= before.length()) {
      return "";
    }
    windowStart = given;
    given = count;
    return after.substring(before.length());
  }

  /// What is left at the end: an unfinished character as U+FFFD, otherwise nothing.
  public String finish() {
    String before = tokenizer.decode(tokens, windowStart, given);
    String after = tokenizer.decode(tokens, windowStart, count);
    given = count;
    windowStart = count;
    return after.length() > before.length() ? after.substring(before.length()) : "";
  }
}
