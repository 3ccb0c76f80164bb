package dev.tidemill.platform.window;

import dev.tidemill.events.OffsetRange;
import dev.tidemill.platform.provenance.ErasedPositions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/// Puts records together into windows. It knows offsets and a clock, and no client.
final class WindowCollector<T> {

  /// More records are not held, whatever their kind: the window closes then.
  static final int MOST_HELD = 100_000;

  private static final Comparator<TopicPartition> ORDER =
      Comparator.comparing(TopicPartition::topic).thenComparingInt(TopicPartition::partition);

  /// @param value null when the record is erased or could not be decoded: only its offset is taken
  private record Fetched<T>(TopicPartition partition, long offset, @Nullable T value) {}

  private final WindowPolicy policy;
  private final Function<T, Belonging> belonging;
  private final LongSupplier nanos;
  private final Deque<Fetched<T>> fetched = new ArrayDeque<>();
  private final Map<TopicPartition, Long> from = new TreeMap<>(ORDER);
  private final Map<TopicPartition, Long> to = new TreeMap<>(ORDER);
  private final List<WindowRecord<T>> records = new ArrayList<>();
  private int counted;
  private long oldestTaken;
  private long newestTaken;

  /// @param start offset of the first record of each partition
  WindowCollector(
      WindowPolicy policy,
      Function<T, Belonging> belonging,
      Map<TopicPartition, Long> start,
      LongSupplier nanos) {
    this.policy = policy;
    this.belonging = belonging;
    this.nanos = nanos;
    from.putAll(start);
    to.putAll(start);
  }

  /// Takes a record that was read; null for one that is erased or could not be decoded.
  void offer(TopicPartition partition, long offset, @Nullable T value) {
    fetched.add(new Fetched<>(partition, offset, value));
  }

  /// Whether reading more is of use.
  boolean hasRoom() {
    return fetched.isEmpty() && !full();
  }

  /// Whether the window is closed; takes what was read as far as it goes in.
  boolean closed() {
    while (!fetched.isEmpty() && !full()) {
      take(fetched.remove());
    }
    long now = nanos.getAsLong();
    return records.size() >= MOST_HELD
        || policy.closes(
            counted, Duration.ofNanos(now - oldestTaken), Duration.ofNanos(now - newestTaken));
  }

  /// Records that belong to the open window.
  int held() {
    return records.size();
  }

  /// Whether it has taken a record that is erased meanwhile.
  boolean holds(ErasedPositions erased) {
    return from.keySet().stream()
        .anyMatch(
            partition ->
                records.stream()
                    .filter(record -> record.partition() == partition.partition())
                    .anyMatch(record -> erased.holds(partition, record.offset())));
  }

  /// Offsets of the window so far, one range for each partition, without the erased places: those
  /// make several of it.
  List<OffsetRange> ranges(ErasedPositions erased) {
    return ranges().stream().flatMap(range -> erased.cutFrom(range).stream()).toList();
  }

  /// Offsets of the window so far, one range for each partition.
  List<OffsetRange> ranges() {
    List<OffsetRange> ranges = new ArrayList<>();
    from.forEach(
        (partition, first) ->
            ranges.add(
                new OffsetRange(
                    partition.topic(),
                    partition.partition(),
                    first,
                    to.getOrDefault(partition, first))));
    return ranges;
  }

  List<WindowRecord<T>> records() {
    return List.copyOf(records);
  }

  /// Begins the next window where this one ends.
  void next() {
    from.putAll(to);
    records.clear();
    counted = 0;
  }

  private boolean full() {
    return counted >= policy.maxRecords() || records.size() >= MOST_HELD;
  }

  private void take(Fetched<T> record) {
    to.put(record.partition, record.offset + 1);
    @Nullable T value = record.value;
    if (value == null) {
      return;
    }
    switch (belonging.apply(value)) {
      case COUNTS -> {
        newestTaken = nanos.getAsLong();
        if (counted == 0) {
          oldestTaken = newestTaken;
        }
        counted++;
        records.add(new WindowRecord<>(record.partition.partition(), record.offset, value));
      }
      case BELONGS ->
          records.add(new WindowRecord<>(record.partition.partition(), record.offset, value));
      case OTHER -> {}
    }
  }
}
