package dev.tidemill.benchmarks.scenario.crash;

import java.time.Duration;

/// Keeps the stream and the kills in step, so that kills spread over the whole stream and hit it
/// while it flows.
final class Pace {
  private static final Duration LOOK = Duration.ofMillis(20);
  /// About how long a kill and its recovery take.
  private static final double INTERVAL_SECONDS = 6;

  private final int events;
  private final int kills;
  private int sent;
  private int killed;
  private long lastKill = System.nanoTime();
  private boolean ended;

  /// @param kills that are to come; with none the stream flows as fast as it can
  Pace(int events, int kills) {
    this.events = events;
    this.kills = kills;
  }

  /// Waits until more may be sent.
  void await() {
    while (!free()) {
      Cluster.pause(LOOK);
    }
  }

  synchronized void sent(int more) {
    sent += more;
  }

  synchronized void killed() {
    killed++;
    lastKill = System.nanoTime();
  }

  synchronized int sent() {
    return sent;
  }

  /// The stream has been sent.
  synchronized void end() {
    ended = true;
  }

  /// Whether the stream has come to where the next kill is due.
  synchronized boolean killDue() {
    return ended || (double) sent / events * kills >= killed;
  }

  private synchronized boolean free() {
    if (killed >= kills) {
      return true;
    }
    double since = (System.nanoTime() - lastKill) / 1e9 / INTERVAL_SECONDS;
    return (double) sent / events <= (killed + Math.min(1.05, since)) / kills;
  }
}
