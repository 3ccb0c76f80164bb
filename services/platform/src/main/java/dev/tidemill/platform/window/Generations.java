package dev.tidemill.platform.window;

import dev.tidemill.platform.provenance.Origin;
import dev.tidemill.platform.provenance.Provenance;

/// Which generation of a line counts. It follows from the topics alone, so that a trainer which was
/// killed at any moment, the audit and everybody else come to the same answer.
final class Generations {
  private Generations() {}

  /// The newest generation that has published, or the one after it when an erasure has removed a
  /// record that it trained.
  static int current(String line, Provenance provenance) {
    int newest = 1;
    for (Origin origin : provenance.origins()) {
      if (Lineage.lineOf(origin.lineage()).equals(line)) {
        newest = Math.max(newest, Lineage.generationOf(origin.lineage()));
      }
    }
    return provenance.affects(Lineage.nameOf(line, newest)) ? newest + 1 : newest;
  }
}
