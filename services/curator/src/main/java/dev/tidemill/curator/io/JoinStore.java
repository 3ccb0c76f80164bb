package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.JoinState;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Function;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/// The states of the join by completion id, and the time at which each needs looking at. Timers
/// are a store ordered by time, so that a tick costs what is due and not what is kept.
final class JoinStore {
  private final KeyValueStore<String, JoinState> joins;
  private final KeyValueStore<String, Integer> timers;
  private final Function<JoinState, OptionalLong> nextDue;
  private final CuratorMetrics metrics;
  private long parked;
  private long held;

  /// @param timers by time and completion id; the value is how much feedback is parked there
  JoinStore(
      KeyValueStore<String, JoinState> joins,
      KeyValueStore<String, Integer> timers,
      Function<JoinState, OptionalLong> nextDue,
      CuratorMetrics metrics) {
    this.joins = joins;
    this.timers = timers;
    this.nextDue = nextDue;
    this.metrics = metrics;
    try (KeyValueIterator<String, Integer> all = timers.all()) {
      while (all.hasNext()) {
        count(all.next().value, 1);
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
    OptionalLong was = nextDue.apply(before);
    OptionalLong is = nextDue.apply(after);
    if (was.isPresent()) {
      count(-before.parked(), -1);
      if (!was.equals(is)) {
        timers.delete(timer(was.getAsLong(), completionId));
      }
    }
    if (is.isPresent()) {
      count(after.parked(), 1);
      timers.put(timer(is.getAsLong(), completionId), after.parked());
      joins.put(completionId, after);
    } else {
      joins.delete(completionId);
    }
  }

  /// Completion ids that need looking at now.
  ///
  /// @param readUntil what is parked needs no look before all that came by its time has been read
  List<String> due(long now, long readUntil) {
    List<String> ids = new ArrayList<>();
    try (KeyValueIterator<String, Integer> due = timers.range(timer(0, ""), timer(now + 1, ""))) {
      while (due.hasNext()) {
        KeyValue<String, Integer> next = due.next();
        int slash = next.key.indexOf('/');
        boolean waits = next.value > 0 && Long.parseLong(next.key, 0, slash, 16) > readUntil;
        if (!waits) {
          ids.add(next.key.substring(slash + 1));
        }
      }
    }
    return ids;
  }

  /// Takes what this task holds out of the gauges.
  void close() {
    count(-parked, -held);
  }

  private void count(long parkedMore, long heldMore) {
    parked += parkedMore;
    held += heldMore;
    metrics.parkedBy(parkedMore);
    metrics.joinsBy(heldMore);
  }

  private static String timer(long millis, String completionId) {
    return "%016x/%s".formatted(millis, completionId);
  }
}
