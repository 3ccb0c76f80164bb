package dev.tidemill.model.generate;

import dev.tidemill.model.tokenizer.StreamingDecoder;
import dev.tidemill.model.tokenizer.Tokenizer;
import java.util.List;

/// Turns drawn tokens into text that may be sent: whole characters only, nothing of a stop text,
/// and nothing that could still become one. Used by one thread.
public final class TextStream {
  private final StreamingDecoder decoder;
  private final List<String> stop;
  private final StringBuilder held = new StringBuilder();
  private int decoded;
  private boolean stopped;

  public TextStream(Tokenizer tokenizer, List<String> stop) {
    this.decoder = tokenizer.streamingDecoder();
    this.stop = List.copyOf(stop);
  }

  /// Takes the next token and returns the text that can be sent now, often empty.
  public String next(int token) {
    return stopped ? "" : take(decoder.next(token), false);
  }

  /// Characters that the tokens taken so far stand for, those held back included.
  public int decoded() {
    return decoded;
  }

  /// Whether a stop text has come up: everything after it is dropped.
  public boolean stopped() {
    return stopped;
  }

  /// The held-back rest at the end of the answer.
  public String finish() {
    return stopped ? "" : take(decoder.finish(), true);
  }

  private String take(String text, boolean last) {
    held.append(text);
    decoded += text.length();
    int end = held.length();
    for (String each : stop) {
      int at = held.indexOf(each);
      if (at >= 0 && at < end) {
        end = at;
        stopped = true;
      }
    }
    if (!stopped && !last) {
      end -= undecided();
    }
    String certain = held.substring(0, end);
    held.delete(0, stopped ? held.length() : end);
    return certain;
  }

  /// Length of the longest end of the held text that a stop text begins with.
  private int undecided() {
    int longest = 0;
    for (String each : stop) {
      for (int length = Math.min(each.length() - 1, held.length()); length > longest; length--) {
        if (each.startsWith(held.substring(held.length() - length))) {
          longest = length;
        }
      }
    }
    return longest;
  }
}
