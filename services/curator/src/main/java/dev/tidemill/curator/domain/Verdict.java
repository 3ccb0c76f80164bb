package dev.tidemill.curator.domain;

/// What a rule says of a record: a bad record is data, not an exception.
public sealed interface Verdict<T> {

  /// It may pass, as this.
  record Accepted<T>(T value) implements Verdict<T> {}

  /// It may not.
  record Refused<T>(Refusal refusal) implements Verdict<T> {}
}
