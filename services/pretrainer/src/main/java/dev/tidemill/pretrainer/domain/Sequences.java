package dev.tidemill.pretrainer.domain;

import dev.tidemill.model.train.TrainingExample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Cuts a document into the sequences that train.
public final class Sequences {
  private Sequences() {}

  /// The document and the token that ends it, in runs of at most `longest` tokens. A run begins
  /// with the last token of the one before: every token but the document's first is predicted, and
  /// none twice. A document without tokens gives no sequence.
  public static List<TrainingExample> of(int[] document, int endToken, int longest) {
    if (longest < 2) {
      throw new IllegalArgumentException(
          "a sequence needs at least 2 tokens, but may have " + longest);
    }
    int[] tokens = Arrays.copyOf(document, document.length + 1);
    tokens[document.length] = endToken;
    List<TrainingExample> sequences = new ArrayList<>();
    for (int from = 0; from + 1 < tokens.length; from += longest - 1) {
      sequences.add(
          TrainingExample.text(
              Arrays.copyOfRange(tokens, from, Math.min(tokens.length, from + longest))));
    }
    return sequences;
  }
}
