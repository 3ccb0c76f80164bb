package dev.tidemill.curator.io;

/// Says up to when all that came for the join has been read. What waited too long by the clock may
/// still find its other half in what came meanwhile and has not been read, after an outage say.
@FunctionalInterface
public interface Watermark {
  /// All that lay in a partition of completions and feedback by this time, in milliseconds by the
  /// clock of this process, has been read, and what it led to is committed; [Long#MIN_VALUE] as
  /// long as that is not known.
  long of(int partition);
}
