package dev.tidemill.platform.window;

/// What a record is to a lineage that reads the record's partition.
public enum Belonging {
  /// It is in the window and brings its closing nearer.
  COUNTS,
  /// It is in the window that is open when it comes, but closes none.
  BELONGS,
  /// It is another lineage's; its offset is passed over.
  OTHER
}
