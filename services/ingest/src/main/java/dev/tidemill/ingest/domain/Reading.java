package dev.tidemill.ingest.domain;

/// What became of one JSON object.
public sealed interface Reading {

  /// It is a sound record.
  record Accepted(RawRecord record) implements Reading {}

  /// It is not, and this is why.
  record Rejected(Rejection rejection) implements Reading {}
}
