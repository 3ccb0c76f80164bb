package dev.tidemill.model.train;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// Puts sequences into rows so that little is padded: best fit, the longest first. They stay apart:
/// none sees another, and positions begin anew with each.
///
/// Rows have few widths, so that the engine meets the same shapes again and again: one for all that
/// fits, multiples of 64 above, less only when there is less altogether. Which one is usual is what
/// costs least: in wide rows less is padded, but attention computes more that is masked.
final class Packing {
  private static final int NARROWEST = 16;
  private static final int[] USUAL = {128, 256, 512};

  /// Width at which attention costs as much as all else in a layer, roughly.
  private static final double DEAR = 2500;

  private static final int GRAIN = 64;

  private Packing() {}

  /// Sequences, by their places in a list, that stand in one row, in this order.
  record Row(int width, List<Integer> members) {}

  /// Rows for sequences of these lengths, the widest first.
  static List<Row> rows(int[] lengths) {
    List<Row> cheapest = List.of();
    double least = Double.MAX_VALUE;
    for (int usual : USUAL) {
      List<Row> rows = rows(lengths, usual);
      double cost = rows.stream().mapToDouble(row -> row.width * (1 + row.width / DEAR)).sum();
      if (cost < least) {
        least = cost;
        cheapest = rows;
      }
    }
    return cheapest;
  }

  private static List<Row> rows(int[] lengths, int usual) {
    List<Integer> longestFirst =
        IntStream.range(0, lengths.length)
            .boxed()
            .sorted(Comparator.comparingInt((Integer i) -> lengths[i]).reversed())
            .toList();
    int left = IntStream.of(lengths).sum();
    List<Row> rows = new ArrayList<>();
    List<Integer> free = new ArrayList<>();
    for (int next : longestFirst) {
      int best = -1;
      for (int row = 0; row < rows.size(); row++) {
        int room = free.get(row);
        if (room >= lengths[next] && (best < 0 || room < free.get(best))) {
          best = row;
        }
      }
      if (best < 0) {
        best = rows.size();
        rows.add(new Row(width(lengths[next], left, usual), new ArrayList<>()));
        free.add(rows.getLast().width);
      }
      rows.get(best).members.add(next);
      free.set(best, free.get(best) - lengths[next]);
      left -= lengths[next];
    }
    rows.sort(Comparator.comparingInt(Row::width).reversed());
    return rows;
  }

  private static int width(int length, int left, int usual) {
    if (length > usual) {
      return Math.ceilDiv(length, GRAIN) * GRAIN;
    }
    int enough = Integer.highestOneBit(Math.max(1, left - 1)) * 2;
    return Math.clamp(enough, NARROWEST, usual);
  }
}
