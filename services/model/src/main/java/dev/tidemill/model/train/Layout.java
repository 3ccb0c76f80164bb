package dev.tidemill.model.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Where the inputs of a batch stand: rows one after the other, rows of one width together.
///
/// @param tokens the input at each position; 0 for padding
/// @param positions its place within its sequence
/// @param sequences the number of its sequence; padding has one of its own
/// @param continued the number of the sequence that its sequence continues, otherwise its own
/// @param rectangles rows, width, and whether each row is one whole sequence, for each width
/// @param starts where the own inputs of each example stand
/// @param shared how many inputs of each example stand with another, which it continues
/// @param sharedStarts where those stand
@SuppressWarnings("ArrayRecordComponent") // lives within one batch
record Layout(
    long[] tokens,
    long[] positions,
    long[] sequences,
    long[] continued,
    long[] rectangles,
    int[] starts,
    int[] shared,
    int[] sharedStarts) {
  private static final long PADDING = -1;

  /// @param paired the second half of the examples are other answers to what the first half answer
  /// @param maxPositions places that the model knows
  static Layout of(List<TrainingExample> examples, boolean paired, int maxPositions) {
    int pieces = paired ? examples.size() / 2 : examples.size();
    int[] lengths = new int[pieces];
    int[] common = new int[pieces];
    for (int piece = 0; piece < pieces; piece++) {
      int[] first = examples.get(piece).tokens();
      lengths[piece] = Math.max(1, first.length - 1);
      if (paired) {
        int[] second = examples.get(pieces + piece).tokens();
        common[piece] = common(first, second);
        lengths[piece] += Math.max(1, second.length - 1) - common[piece];
      }
    }
    List<Packing.Row> rows = Packing.rows(lengths);
    int size = rows.stream().mapToInt(Packing.Row::width).sum();
    Layout layout =
        new Layout(
            new long[size],
            new long[size],
            new long[size],
            new long[size],
            rectangles(rows, paired),
            new int[examples.size()],
            new int[examples.size()],
            new int[examples.size()]);
    Arrays.fill(layout.sequences, PADDING);
    Arrays.fill(layout.continued, PADDING);
    int begin = 0;
    for (Packing.Row row : rows) {
      int at = begin;
      for (int piece : row.members()) {
        at = layout.put(examples, piece, at);
        if (paired) {
          layout.shared[pieces + piece] = common[piece];
          layout.sharedStarts[pieces + piece] = layout.starts[piece];
          layout.split(piece, common[piece]);
          at = layout.put(examples, pieces + piece, at);
        }
      }
      begin += row.width();
    }
    layout.wholeRows(maxPositions);
    return layout;
  }

  /// The position of an input of an example.
  int place(int example, int offset) {
    return offset < shared[example]
        ? sharedStarts[example] + offset
        : starts[example] + offset - shared[example];
  }

  /// Inputs that two answers begin with.
  private static int common(int[] first, int[] second) {
    int most = Math.min(first.length, second.length) - 1;
    int common = 0;
    while (common < most && first[common] == second[common]) {
      common++;
    }
    return common;
  }

  /// Rows that hold one sequence each need one mask for all.
  private static long[] rectangles(List<Packing.Row> rows, boolean paired) {
    List<long[]> rectangles = new ArrayList<>();
    for (Packing.Row row : rows) {
      if (rectangles.isEmpty() || rectangles.getLast()[1] != row.width()) {
        rectangles.add(new long[] {0, row.width(), paired ? 0 : 1});
      }
      long[] last = rectangles.getLast();
      last[0]++;
      last[2] = row.members().size() > 1 ? 0 : last[2];
    }
    return rectangles.stream().flatMapToLong(Arrays::stream).toArray();
  }

  private int put(List<TrainingExample> examples, int example, int at) {
    int[] inputs = examples.get(example).tokens();
    starts[example] = at;
    int count = 0;
    for (int offset = shared[example]; offset < inputs.length - 1; offset++) {
      tokens[at + count] = inputs[offset];
      positions[at + count] = offset;
      sequences[at + count] = example;
      continued[at + count] = shared[example] > 0 ? sequences[sharedStarts[example]] : example;
      count++;
    }
    return at + count;
  }

  /// Makes what follows the common inputs of an example a sequence that continues them.
  private void split(int example, int common) {
    long whole = (long) starts.length + example;
    for (int at = starts[example]; at < starts[example] + common; at++) {
      sequences[at] = whole;
      continued[at] = whole;
    }
    if (common > 0) {
      for (int at = starts[example] + common;
          at < tokens.length && sequences[at] == example;
          at++) {
        continued[at] = whole;
      }
    }
  }

  /// In rows of one sequence each, padding goes on as if it belonged to it: nothing looks right.
  private void wholeRows(int maxPositions) {
    int begin = 0;
    for (int i = 0; i < rectangles.length; i += 3) {
      int width = Math.toIntExact(rectangles[i + 1]);
      for (int row = 0; row < rectangles[i]; row++, begin += width) {
        for (int at = 0; rectangles[i + 2] == 1 && at < width; at++) {
          positions[begin + at] = Math.min(at, maxPositions - 1);
          sequences[begin + at] = sequences[begin];
          continued[begin + at] = sequences[begin];
        }
      }
    }
  }
}
