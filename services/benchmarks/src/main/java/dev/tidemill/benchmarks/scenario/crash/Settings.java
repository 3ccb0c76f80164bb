package dev.tidemill.benchmarks.scenario.crash;

import java.time.Duration;

/// What a run is given.
///
/// @param settle the curator's `join.settle`
/// @param orphanRetention the curator's `join.orphan_retention`: longer than any outage, or
///   feedback that came before its completion would be given up
/// @param lateRevisions whether some feedback is revised or taken back when its completion is
///   there already; then `settle` must be longer than any outage, or what was sent together would
///   not settle together
/// @param lanes waves that are sent side by side
public record Settings(
    long seed,
    int events,
    Duration settle,
    Duration orphanRetention,
    boolean lateRevisions,
    int lanes) {
  private static final double LONGEST_PATIENCE_SECONDS = 15;

  /// No further kill while something has not worked for so long: outages that follow each other,
  /// what was read meanwhile and the transaction that a dead curator left open add up to several
  /// times this, and must end before feedback settles.
  double patienceSeconds() {
    Duration bound =
        lateRevisions && settle.compareTo(orphanRetention) < 0 ? settle : orphanRetention;
    return Math.min(LONGEST_PATIENCE_SECONDS, bound.toMillis() / 4_000.0);
  }
}
