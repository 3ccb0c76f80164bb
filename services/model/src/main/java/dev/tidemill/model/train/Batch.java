package dev.tidemill.model.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;

/// Examples side by side, padded to the right, with the labelled positions picked out. The last
/// token of an example is only ever predicted, so it is not an input.
final class Batch {
  private final List<TrainingExample> examples;
  private final int width;
  private final int labelled;

  Batch(List<TrainingExample> examples, int vocabSize, int maxPositions) {
    int longest = 0;
    int labels = 0;
    for (TrainingExample example : examples) {
      longest = Math.max(longest, example.tokens().length - 1);
      labels += example.labelledTokens();
      for (int token : example.tokens()) {
        if (token < 0 || token >= vocabSize) {
          throw new IllegalArgumentException(
              "A training example has the unknown token " + token + ".");
        }
      }
    }
    if (labels == 0) {
      throw new IllegalArgumentException("The batch has no labelled token.");
    }
    if (longest > maxPositions) {
      throw new IllegalArgumentException(
          "A training example has "
              + (longest + 1)
              + " tokens, but the model takes at most "
              + maxPositions
              + ".");
    }
    this.examples = List.copyOf(examples);
    this.width = longest;
    this.labelled = labels;
  }

  int width() {
    return width;
  }

  int labelledTokens() {
    return labelled;
  }

  int tokens() {
    return examples.stream().mapToInt(example -> example.tokens().length).sum();
  }

  NDArray inputs(NDManager manager) {
    long[] inputs = new long[examples.size() * width];
    for (int row = 0; row < examples.size(); row++) {
      int[] tokens = examples.get(row).tokens();
      for (int i = 0; i + 1 < tokens.length; i++) {
        inputs[row * width + i] = tokens[i];
      }
    }
    return manager.create(inputs, new Shape(examples.size(), width));
  }

  /// Where in the flattened inputs the token before each labelled one stands.
  NDArray positions(NDManager manager) {
    long[] positions = new long[labelled];
    each((index, row, at) -> positions[index] = (long) row * width + at - 1);
    return manager.create(positions);
  }

  NDArray targets(NDManager manager) {
    long[] targets = new long[labelled];
    each((index, row, at) -> targets[index] = examples.get(row).tokens()[at]);
    return manager.create(targets);
  }

  /// The weight of the example of each labelled token.
  NDArray weights(NDManager manager) {
    float[] weights = new float[labelled];
    each((index, row, at) -> weights[index] = examples.get(row).weight());
    return manager.create(weights);
  }

  /// The row of each labelled token.
  NDArray rows(NDManager manager) {
    long[] rows = new long[labelled];
    each((index, row, at) -> rows[index] = row);
    return manager.create(rows);
  }

  /// Sums values of labelled tokens by example.
  float[] sumByRow(float[] values) {
    double[] sums = new double[examples.size()];
    each((index, row, at) -> sums[row] += values[index]);
    float[] result = new float[sums.length];
    for (int i = 0; i < sums.length; i++) {
      result[i] = (float) sums[i];
    }
    return result;
  }

  private interface Visitor {
    void visit(int index, int row, int at);
  }

  private void each(Visitor visitor) {
    int index = 0;
    for (int row = 0; row < examples.size(); row++) {
      boolean[] labels = examples.get(row).labelled();
      for (int at = 1; at < labels.length; at++) {
        if (labels[at]) {
          visitor.visit(index++, row, at);
        }
      }
    }
  }
}
