package dev.tidemill.model.train;

import dev.tidemill.model.ChatMessage;
import dev.tidemill.model.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.List;

/// A sequence to learn from.
///
/// @param tokens the whole sequence
/// @param labelled true where the token is to be predicted from those before it; the first token
///     never is
/// @param weight how much each labelled token of this example counts beside those of others
@SuppressWarnings("ArrayRecordComponent") // read-only by agreement: copies would double every batch
public record TrainingExample(int[] tokens, boolean[] labelled, float weight) {

  public TrainingExample {
    if (tokens.length != labelled.length) {
      throw new IllegalArgumentException(
          "A training example has "
              + tokens.length
              + " tokens but "
              + labelled.length
              + " labels.");
    }
    if (!(weight > 0) || !Float.isFinite(weight)) {
      throw new IllegalArgumentException(
          "The weight of a training example must be above 0, not " + weight + ".");
    }
  }

  /// Plain text: every token but the first is to be predicted.
  public static TrainingExample text(int[] tokens) {
    boolean[] labelled = new boolean[tokens.length];
    Arrays.fill(labelled, true);
    if (labelled.length > 0) {
      labelled[0] = false;
    }
    return new TrainingExample(tokens, labelled, 1f);
  }

  /// A conversation: the answers of the assistant and the token that ends each are to be
  /// predicted. Prompt and answer are tokenized apart, exactly as they meet when the model is
  /// served.
  public static TrainingExample chat(
      Tokenizer tokenizer, List<ChatMessage> messages, float weight) {
    List<Tokenizer.ChatSegment> segments = tokenizer.chatSegments(messages);
    int length = segments.stream().mapToInt(segment -> segment.tokens().length).sum();
    int[] tokens = new int[length];
    boolean[] labelled = new boolean[length];
    int at = 0;
    for (Tokenizer.ChatSegment segment : segments) {
      System.arraycopy(segment.tokens(), 0, tokens, at, segment.tokens().length);
      Arrays.fill(labelled, at, at + segment.tokens().length, segment.answer());
      at += segment.tokens().length;
    }
    return new TrainingExample(tokens, labelled, weight);
  }

  /// The same example with another weight.
  public TrainingExample withWeight(float newWeight) {
    return new TrainingExample(tokens, labelled, newWeight);
  }

  /// The same behind an adapter's virtual tokens, which the program knows as -1, -2 and so on.
  TrainingExample behind(int virtualTokens) {
    if (virtualTokens == 0 || tokens.length == 0) {
      return this;
    }
    int[] led = new int[virtualTokens + tokens.length];
    boolean[] labels = new boolean[led.length];
    for (int i = 0; i < virtualTokens; i++) {
      led[i] = -1 - i;
    }
    System.arraycopy(tokens, 0, led, virtualTokens, tokens.length);
    System.arraycopy(labelled, 1, labels, virtualTokens + 1, tokens.length - 1);
    return new TrainingExample(led, labels, weight);
  }

  /// Tokens that the loss is taken on.
  public int labelledTokens() {
    int count = 0;
    for (int i = 1; i < labelled.length; i++) {
      if (labelled[i]) {
        count++;
      }
    }
    return count;
  }
}
