package dev.tidemill.curator.domain;

/// How much evidence one subject (or producer) gave in its present window.
///
/// Time is the evidence's own, but never before the last window of stream time nor after stream
/// time, and never back before the window began: neither back-dating nor post-dating opens more
/// windows than real time does.
///
/// @param start of the window, in milliseconds
/// @param count of evidence in it
public record Burst(long start, long count) {

  /// The state after one more piece.
  public static Burst first(long eventTime, long streamTime, long window) {
    return new Burst(bounded(eventTime, streamTime, window), 1);
  }

  /// The state after one more piece.
  public Burst next(long eventTime, long streamTime, long window) {
    long at = bounded(eventTime, streamTime, window);
    return at >= start + window ? new Burst(at, 1) : new Burst(start, count + 1);
  }

  /// Weight of the latest piece when the first `free` count fully.
  public double weight(double free) {
    double share = free / count;
    return count <= free ? 1 : share * share;
  }

  private static long bounded(long eventTime, long streamTime, long window) {
    return Math.max(streamTime - window, Math.min(eventTime, streamTime));
  }
}
