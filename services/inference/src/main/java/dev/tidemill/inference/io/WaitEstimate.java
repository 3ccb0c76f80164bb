package dev.tidemill.inference.io;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongSupplier;

/// How long a sequence that comes now would wait for its place: by how many wait before it, and by
/// the pace at which places came free of late while others waited for them.
final class WaitEstimate {
  /// Intervals that the pace is the mean of, for each place. Sequences that began together end
  /// together, so that intervals of nothing and long ones alternate.
  private static final int ROUNDS = 4;

  private final int places;
  private final LongSupplier nanos;
  private final Deque<Long> intervals = new ArrayDeque<>();
  private long sum;
  private double first = Double.NaN;
  private long lastEnd;
  private boolean crowded;

  /// @param places sequences decoded at once
  /// @param nanos a clock that never goes back
  WaitEstimate(int places, LongSupplier nanos) {
    this.places = places;
    this.nanos = nanos;
  }

  /// A sequence that had a place has ended.
  ///
  /// @param seconds that it had its place
  /// @param waiting others that wait for a place
  synchronized void ended(double seconds, int waiting) {
    long now = nanos.getAsLong();
    if (Double.isNaN(first)) {
      first = seconds / places;
    }
    if (crowded && waiting > 0) {
      intervals.add(now - lastEnd);
      sum += now - lastEnd;
      if (intervals.size() > ROUNDS * places) {
        sum -= intervals.remove();
      }
    }
    lastEnd = now;
    crowded = waiting > 0;
  }

  /// Seconds until the last of so many more would have its place; 0 as long as nothing is known.
  ///
  /// @param running sequences that have a place, those of lower rank left out
  synchronized double seconds(int running, int waiting, int more) {
    int before = running + waiting + more - places;
    return before <= 0 || Double.isNaN(first) ? 0 : before * interval();
  }

  /// Until so many places came free that the mean says something, as the first sequence went.
  private double interval() {
    return intervals.size() < places ? first : sum / 1e9 / intervals.size();
  }
}
