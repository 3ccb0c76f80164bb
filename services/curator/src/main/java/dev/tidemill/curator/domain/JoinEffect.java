package dev.tidemill.curator.domain;

/// What the join wants done besides keeping its new state.
public sealed interface JoinEffect {

  /// The feedback has settled on the completion: make its examples.
  record Join(Served served, Slot slot) implements JoinEffect {}

  /// The record is refused.
  record Refuse(Raw raw, Refusal refusal) implements JoinEffect {}

  /// The record needs nothing more; counted only.
  record Drop(Raw raw, Outcome outcome) implements JoinEffect {}

  /// The record waits.
  record Keep(Raw raw) implements JoinEffect {}

  /// Why a record needs nothing more. The name in lower case is the metric's label.
  enum Outcome {
    /// The same record came before.
    REPEATED,
    /// A later one of the same subject and kind stands.
    SUPERSEDED,
    /// It says what its predecessor said, which made its examples already.
    UNCHANGED,
    /// It was taken back before it made anything.
    RETRACTED,
    /// It was taken back after its examples were written.
    RETRACTED_LATE,
    /// A retraction that did its work.
    APPLIED
  }
}
