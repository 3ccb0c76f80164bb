package dev.tidemill.model.train;

import dev.tidemill.model.ChatMessage;
import dev.tidemill.model.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.List;

/// An answer that somebody found good or bad.
///
/// @param prompt what came before it
/// @param answer with the token that ends it
/// @param weight how much it counts beside others
@SuppressWarnings("ArrayRecordComponent") // read-only by agreement, as a training example's
public record RatedExample(int[] prompt, int[] answer, boolean good, float weight) {

  public RatedExample {
    if (prompt.length == 0 || answer.length == 0) {
      throw new IllegalArgumentException("A rated example needs a prompt and an answer.");
    }
    if (!(weight > 0) || !Float.isFinite(weight)) {
      throw new IllegalArgumentException(
          "The weight of a rated example must be above 0, not " + weight + ".");
    }
  }

  /// The last answer of a conversation, tokenized as it meets its prompt when the model is served.
  ///
  /// @throws IllegalArgumentException when the conversation does not end with an answer
  public static RatedExample chat(
      Tokenizer tokenizer, List<ChatMessage> messages, boolean good, float weight) {
    TrainingExample whole = TrainingExample.chat(tokenizer, messages, weight);
    int end = whole.tokens().length;
    while (end > 0 && !whole.labelled()[end - 1]) {
      end--;
    }
    int begin = end;
    while (begin > 0 && whole.labelled()[begin - 1]) {
      begin--;
    }
    return new RatedExample(
        Arrays.copyOf(whole.tokens(), begin),
        Arrays.copyOfRange(whole.tokens(), begin, end),
        good,
        weight);
  }

  /// The prompt with its answer, which is labelled.
  TrainingExample example() {
    return answeredBy(this, Integer.MAX_VALUE);
  }

  /// The prompt with the answer to another.
  ///
  /// @param most tokens that both may have together: what is over is cut off the answer
  TrainingExample answeredBy(RatedExample other, int most) {
    int length = Math.max(prompt.length + 1, Math.min(most, prompt.length + other.answer.length));
    int[] tokens = Arrays.copyOf(prompt, length);
    System.arraycopy(other.answer, 0, tokens, prompt.length, length - prompt.length);
    boolean[] labelled = new boolean[length];
    Arrays.fill(labelled, prompt.length, length, true);
    return new TrainingExample(tokens, labelled, weight);
  }
}
