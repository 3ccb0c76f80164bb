package dev.tidemill.platform.provenance;

import dev.tidemill.events.OffsetRange;
import dev.tidemill.events.SourcePosition;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/// Places where erased records had been. Immutable.
public final class ErasedPositions {

  /// Nothing is erased.
  public static final ErasedPositions NONE = new ErasedPositions(Map.of());

  private final Map<TopicPartition, NavigableSet<Long>> offsets;

  private ErasedPositions(Map<TopicPartition, NavigableSet<Long>> offsets) {
    this.offsets = Collections.unmodifiableMap(offsets);
  }

  /// These places.
  public static ErasedPositions of(Collection<SourcePosition> places) {
    Map<TopicPartition, NavigableSet<Long>> offsets = new HashMap<>();
    for (SourcePosition place : places) {
      offsets
          .computeIfAbsent(
              new TopicPartition(place.getTopic(), place.getPartition()), p -> new TreeSet<>())
          .add(place.getOffset());
    }
    return new ErasedPositions(offsets);
  }

  /// These and others.
  public ErasedPositions with(ErasedPositions others) {
    Map<TopicPartition, NavigableSet<Long>> all = new HashMap<>(offsets);
    others.offsets.forEach(
        (partition, more) ->
            all.merge(
                partition,
                more,
                (one, two) -> {
                  NavigableSet<Long> both = new TreeSet<>(one);
                  both.addAll(two);
                  return both;
                }));
    return new ErasedPositions(all);
  }

  /// Whether the record at this place is erased.
  public boolean holds(TopicPartition partition, long offset) {
    @Nullable NavigableSet<Long> erased = offsets.get(partition);
    return erased != null && erased.contains(offset);
  }

  /// Whether one of the ranges holds an erased place.
  public boolean touches(Collection<OffsetRange> ranges) {
    return ranges.stream().anyMatch(range -> !within(range).isEmpty());
  }

  /// The range without its erased places. The first of the runs begins where the range begins and
  /// the last ends where it ends; either may be empty, so that neighbouring windows still meet.
  public List<OffsetRange> cutFrom(OffsetRange range) {
    List<OffsetRange> runs = new ArrayList<>();
    long from = range.getFromOffset();
    for (long erased : within(range)) {
      if (erased > from || from == range.getFromOffset()) {
        runs.add(new OffsetRange(range.getTopic(), range.getPartition(), from, erased));
      }
      from = erased + 1;
    }
    runs.add(new OffsetRange(range.getTopic(), range.getPartition(), from, range.getToOffset()));
    return runs;
  }

  /// How many places there are.
  public long size() {
    return offsets.values().stream().mapToLong(NavigableSet::size).sum();
  }

  private NavigableSet<Long> within(OffsetRange range) {
    @Nullable NavigableSet<Long> erased =
        offsets.get(new TopicPartition(range.getTopic(), range.getPartition()));
    return erased == null || range.getFromOffset() >= range.getToOffset()
        ? Collections.emptyNavigableSet()
        : erased.subSet(range.getFromOffset(), true, range.getToOffset(), false);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ErasedPositions that && offsets.equals(that.offsets);
  }

  @Override
  public int hashCode() {
    return offsets.hashCode();
  }

  @Override
  public String toString() {
    return "ErasedPositions[" + size() + "]";
  }
}
