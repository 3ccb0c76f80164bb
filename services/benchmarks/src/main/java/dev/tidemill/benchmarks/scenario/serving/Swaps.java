package dev.tidemill.benchmarks.scenario.serving;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/// When which task's release changed, and what other tasks' answers looked like meanwhile.
public final class Swaps {
  private final List<Window> windows = new ArrayList<>();

  /// From the writing of a route to the report that it is followed.
  private record Window(String task, long from, long to) {}

  /// Gaps between tokens of answers to requests of tasks that did not change meanwhile.
  ///
  /// @param during in seconds, of gaps of which a part lies in the swap of another task
  /// @param without of gaps that touch no swap
  public record Gaps(Spread during, Spread without) {}

  public void add(String task, long from, long to) {
    windows.add(new Window(task, from, to));
  }

  /// Seconds that the swaps took.
  public Spread seconds() {
    return new Spread(windows.stream().map(w -> (w.to() - w.from()) / 1e9).toList());
  }

  /// Sorts the gaps of whole answers.
  ///
  /// @param from gaps before this moment do not count
  public Gaps gaps(Collection<Answer> answers, long from) {
    List<Double> during = new ArrayList<>();
    List<Double> without = new ArrayList<>();
    for (Answer answer : answers) {
      if (answer.end() != Answer.End.DONE) {
        continue;
      }
      for (Answer.Gap gap : answer.gaps()) {
        if (gap.tokens() != 1 || gap.from() < from) {
          continue;
        }
        List<Window> touched = touched(gap.from(), gap.to());
        if (touched.isEmpty()) {
          without.add(gap.seconds());
        } else if (touched.stream().noneMatch(w -> w.task().equals(answer.model()))) {
          during.add(gap.seconds());
        }
      }
    }
    return new Gaps(new Spread(during), new Spread(without));
  }

  // One swap follows the other, so the windows are in order and none overlaps the next.
  private List<Window> touched(long begin, long end) {
    int low = 0;
    int high = windows.size();
    while (low < high) {
      int middle = (low + high) / 2;
      if (windows.get(middle).to() < begin) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    List<Window> touched = new ArrayList<>();
    for (int i = low; i < windows.size() && windows.get(i).from() <= end; i++) {
      touched.add(windows.get(i));
    }
    return touched;
  }
}
