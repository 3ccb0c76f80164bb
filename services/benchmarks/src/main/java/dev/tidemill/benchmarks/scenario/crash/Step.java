package dev.tidemill.benchmarks.scenario.crash;

import java.util.List;

/// Events that are sent together. The next step of a wave begins when all of them are acknowledged.
///
/// @param name unique in the script; the idempotency key of the request
record Step(String name, Way way, List<Event> events) {

  /// How events travel.
  enum Way {
    DOCUMENTS,
    DEMONSTRATIONS,
    FEEDBACK,
    /// Straight to Kafka, as inference does it.
    KAFKA
  }

  Step {
    events = List.copyOf(events);
  }
}
