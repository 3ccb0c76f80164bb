package dev.tidemill.model.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import dev.tidemill.model.DecoderConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Examples packed into rows, with the labelled positions picked out: what the program calls a
/// batch. The last token of an example is only ever predicted, so it is not an input.
final class Batch {
  /// Labelled positions are filled up to a multiple of this.
  private static final int GRAIN = 64;

  /// Share of labelled positions from which on all positions are taken as they are.
  private static final double NEARLY_ALL = 0.85;

  private final List<TrainingExample> examples;
  private final Layout layout;
  private final int labelled;
  private final int slots;
  private final boolean all;

  private final int virtualTokens;

  /// Every example is a sequence of its own.
  Batch(List<TrainingExample> examples, DecoderConfig config) {
    this(examples, config, 0);
  }

  /// @param virtualTokens places that an adapter takes before the first token of each example
  Batch(List<TrainingExample> examples, DecoderConfig config, int virtualTokens) {
    this(examples, config, virtualTokens, false);
  }

  private Batch(
      List<TrainingExample> examples, DecoderConfig config, int virtualTokens, boolean paired) {
    int labels = 0;
    for (TrainingExample example : examples) {
      labels += example.labelledTokens();
      check(example, config, config.maxPositions() - virtualTokens);
    }
    if (labels == 0) {
      throw new IllegalArgumentException("The batch has no labelled token.");
    }
    this.virtualTokens = virtualTokens;
    this.examples = examples.stream().map(example -> example.behind(virtualTokens)).toList();
    layout = Layout.of(this.examples, paired, config.maxPositions());
    labelled = labels;
    int positions = layout.tokens().length;
    all = !paired && labels >= NEARLY_ALL * positions;
    int filled = Math.ceilDiv(labels, GRAIN) * GRAIN;
    // As many as there are positions would mean all of them in order.
    slots = all ? positions : filled == positions ? filled + GRAIN : filled;
  }

  /// The chosen answers, then the rejected; what both of a pair begin with stands there once.
  static Batch ofPairs(List<PreferencePair> pairs, DecoderConfig config, int virtualTokens) {
    List<TrainingExample> examples = new ArrayList<>();
    pairs.forEach(pair -> examples.add(pair.chosen()));
    pairs.forEach(pair -> examples.add(pair.rejected()));
    return new Batch(examples, config, virtualTokens, true);
  }

  private static void check(TrainingExample example, DecoderConfig config, int most) {
    for (int token : example.tokens()) {
      if (token < 0 || token >= config.vocabSize()) {
        throw new IllegalArgumentException(
            "A training example has the unknown token " + token + ".");
      }
    }
    if (example.tokens().length - 1 > most) {
      throw new IllegalArgumentException(
          "A training example has "
              + example.tokens().length
              + " tokens, but the model takes at most "
              + most
              + ".");
    }
  }

  List<TrainingExample> examples() {
    return examples;
  }

  /// Places within sequences that occur, from 0.
  int width() {
    return 1 + Arrays.stream(layout.positions()).mapToInt(Math::toIntExact).max().orElse(0);
  }

  /// Positions that are computed, padding included.
  int positions() {
    return layout.tokens().length;
  }

  int labelledTokens() {
    return labelled;
  }

  int tokens() {
    return examples.stream().mapToInt(example -> example.tokens().length - virtualTokens).sum();
  }

  /// Sum of the weights of the labelled tokens.
  double totalWeight() {
    return examples.stream().mapToDouble(e -> (double) e.weight() * e.labelledTokens()).sum();
  }

  /// What the program calls a batch, as the argument of a training method.
  NDList argument(NDManager manager) {
    NDList list = new NDList();
    for (NDArray array : arrays(manager)) {
      array.setName("batch[]");
      list.add(array);
    }
    return list;
  }

  /// The same for a serving method; the caller closes it.
  IValue value(NDManager manager) {
    return IValue.listFrom(
        arrays(manager).stream().map(PtNDArray.class::cast).toArray(PtNDArray[]::new));
  }

  private List<NDArray> arrays(NDManager manager) {
    long[] places = new long[slots];
    long[] targets = new long[slots];
    float[] counted = new float[slots];
    for (int i = 0; all && i < slots; i++) {
      places[i] = i;
    }
    each(
        (index, slot, example, at) -> {
          places[slot] = layout.place(example, at - 1);
          targets[slot] = examples.get(example).tokens()[at];
          counted[slot] = 1;
        });
    return List.of(
        manager.create(layout.tokens()),
        manager.create(layout.positions()),
        manager.create(layout.sequences()),
        manager.create(layout.continued()),
        manager.create(layout.rectangles(), new Shape(layout.rectangles().length / 3, 3)),
        manager.create(places),
        manager.create(targets),
        manager.create(counted));
  }

  /// The weight of the example of each labelled token.
  NDArray weights(NDManager manager) {
    float[] weights = new float[slots];
    each((index, slot, example, at) -> weights[slot] = examples.get(example).weight());
    return manager.create(weights);
  }

  /// The example of each labelled token.
  NDArray rows(NDManager manager) {
    long[] rows = new long[slots];
    each((index, slot, example, at) -> rows[slot] = example);
    return manager.create(rows);
  }

  /// Sums what the program gives for the labelled positions by example.
  float[] sumByRow(float[] values) {
    double[] sums = new double[examples.size()];
    each((index, slot, example, at) -> sums[example] += values[slot]);
    float[] result = new float[sums.length];
    for (int i = 0; i < sums.length; i++) {
      result[i] = (float) sums[i];
    }
    return result;
  }

  private interface Visitor {
    void visit(int index, int slot, int example, int at);
  }

  private void each(Visitor visitor) {
    int index = 0;
    for (int example = 0; example < examples.size(); example++) {
      boolean[] labels = examples.get(example).labelled();
      for (int at = 1; at < labels.length; at++) {
        if (labels[at]) {
          visitor.visit(index, all ? layout.place(example, at - 1) : index, example, at);
          index++;
        }
      }
    }
  }
}
