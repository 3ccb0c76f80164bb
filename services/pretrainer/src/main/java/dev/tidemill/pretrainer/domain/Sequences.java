package dev.tidemill.pretrainer.domain;

import dev.tidemill.model.train.TrainingExample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Cuts a document into the sequences that train.
public final class Sequences {
  private Sequences() {}

  /// The document and the token that ends it, in runs of at most `longest` tokens. A last run of
  /// one token, which has nothing to predict, is left out.
  public static List<TrainingExample> of(int[] document, int endToken, int longest) {
    int[] tokens = Arrays.copyOf(document, document.length + 1);
    tokens[document.length] = endToken;
    List<TrainingExample> sequences = new ArrayList<>();
    for (int from = 0; from < tokens.length; from += longest) {
      int[] run = Arrays.copyOfRange(tokens, from, Math.min(tokens.length, from + longest));
      if (run.length > 1) {
        sequences.add(TrainingExample.text(run));
      }
    }
    return sequences;
  }
}
