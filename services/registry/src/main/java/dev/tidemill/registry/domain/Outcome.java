package dev.tidemill.registry.domain;

import java.util.List;
import java.util.Locale;

/// What comes of an input: events to record, or a refusal that changes nothing.
public sealed interface Outcome {
  /// The input is legal; these events are to be recorded and then applied, in this order.
  record Accepted(List<RegistryEvent> events) implements Outcome {
    public Accepted {
      events = List.copyOf(events);
    }
  }

  /// The input changes nothing.
  ///
  /// @param detail one sentence
  record Refused(Reason reason, String detail) implements Outcome {}

  /// Why an input changes nothing; the label of the metric.
  enum Reason {
    /// The same candidate or decision was applied before.
    REDELIVERED,
    /// No release has this id.
    UNKNOWN_RELEASE,
    /// No route has this task.
    UNKNOWN_TASK,
    /// The state of the release has no such exit.
    ILLEGAL_STATE,
    /// Another release of the task is on trial.
    CANARY_RUNNING,
    /// The task has no live release to compare with or to return to.
    NO_LIVE_RELEASE,
    /// A release that was never on trial would replace a live one.
    LIVE_RELEASE_EXISTS,
    /// The input breaks its own contract.
    MALFORMED,
    /// An action that this version does not know.
    UNKNOWN_ACTION;

    /// The name in metrics and logs.
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
