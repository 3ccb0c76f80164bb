package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.FeedbackJoin.Due;
import dev.tidemill.curator.domain.JoinState;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/// The states of the join by completion id, and the times at which each needs looking at. Timers
/// are a store ordered by kind and time, so that a tick costs what is due and not what is kept.
final class JoinStore {
  /// What a timer goes by: the clock, or what has been read.
  private static final char CLOCK = 'c';

  private static final char READING = 'r';

  /// The value of the second timer of an id, which the other one counts already.
  private static final int SECOND = -1;

  private final KeyValueStore<String, JoinState> joins;
  private final KeyValueStore<String, Integer> timers;
  private final Function<JoinState, Due> nextDue;
  private final CuratorMetrics metrics;
  private long parked;
  private long held;

  /// @param timers by kind, time and completion id; the value is how much feedback is parked there
  JoinStore(
      KeyValueStore<String, JoinState> joins,
      KeyValueStore<String, Integer> timers,
      Function<JoinState, Due> nextDue,
      CuratorMetrics metrics) {
    this.joins = joins;
    this.timers = timers;
    this.nextDue = nextDue;
    this.metrics = metrics;
    try (KeyValueIterator<String, Integer> all = timers.all()) {
      while (all.hasNext()) {
        int value = all.next().value;
        if (value != SECOND) {
          count(value, 1);
        }
      }
    }
  }

  JoinState get(String completionId) {
    @Nullable JoinState state = joins.get(completionId);
    return state == null ? JoinState.EMPTY : state;
  }

  void put(String completionId, JoinState before, JoinState after) {
    if (before.equals(after)) {
      return;
    }
    Due was = nextDue.apply(before);
    Due is = nextDue.apply(after);
    if (!was.never()) {
      count(-before.parked(), -1);
    }
    boolean both = is.byClock() != Due.NEVER && is.byReading() != Due.NEVER;
    set(CLOCK, completionId, was.byClock(), is.byClock(), after.parked());
    set(READING, completionId, was.byReading(), is.byReading(), both ? SECOND : after.parked());
    if (is.never()) {
      joins.delete(completionId);
    } else {
      count(after.parked(), 1);
      joins.put(completionId, after);
    }
  }

  /// Completion ids that need looking at now.
  ///
  /// @param readUntil all that had come by then has been read; not after `now`
  List<String> due(long now, long readUntil) {
    List<String> ids = new ArrayList<>();
    due(CLOCK, now, ids);
    due(READING, readUntil, ids);
    return ids;
  }

  /// Takes what this task holds out of the gauges.
  void close() {
    count(-parked, -held);
  }

  private void due(char kind, long until, List<String> ids) {
    if (until < 0) {
      return;
    }
    try (KeyValueIterator<String, Integer> due =
        timers.range(timer(kind, 0, ""), timer(kind, until + 1, ""))) {
      while (due.hasNext()) {
        String timer = due.next().key;
        ids.add(timer.substring(timer.indexOf('/') + 1));
      }
    }
  }

  private void set(char kind, String completionId, long was, long is, int value) {
    if (was != Due.NEVER && was != is) {
      timers.delete(timer(kind, was, completionId));
    }
    if (is != Due.NEVER) {
      timers.put(timer(kind, is, completionId), value);
    }
  }

  private void count(long parkedMore, long heldMore) {
    parked += parkedMore;
    held += heldMore;
    metrics.parkedBy(parkedMore);
    metrics.joinsBy(heldMore);
  }

  private static String timer(char kind, long millis, String completionId) {
    return "%c%016x/%s".formatted(kind, millis, completionId);
  }
}
