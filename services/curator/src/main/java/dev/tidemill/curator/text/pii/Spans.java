package dev.tidemill.curator.text.pii;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;

/// Collects what detectors find, each character for the first that claims it.
final class Spans {
  private final List<Span> found = new ArrayList<>();
  private final BitSet claimed = new BitSet();

  void add(int start, int end, PiiKind kind) {
    if (free(start, end)) {
      claimed.set(start, end);
      found.add(new Span(start, end, kind));
    }
  }

  boolean free(int start, int end) {
    int next = claimed.nextSetBit(start);
    return next < 0 || next >= end;
  }

  List<Span> inOrder() {
    found.sort(Comparator.comparingInt(Span::start));
    return found;
  }
}
