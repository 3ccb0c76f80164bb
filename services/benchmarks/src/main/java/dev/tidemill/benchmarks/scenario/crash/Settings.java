package dev.tidemill.benchmarks.scenario.crash;

import java.time.Duration;

/// What a run is given.
///
/// @param settle the curator's `join.settle`: longer than any outage, or revisions that were sent
///   together with what they revise would not be joined together
/// @param orphanRetention the curator's `join.orphan_retention`: longer than any outage, or
///   feedback that came before its completion would be given up
/// @param lanes waves that are sent side by side
public record Settings(
    long seed, int events, Duration settle, Duration orphanRetention, int lanes) {

  /// No further kill while something has not worked for so long.
  double patienceSeconds() {
    return settle.toMillis() / 4_000.0;
  }
}
