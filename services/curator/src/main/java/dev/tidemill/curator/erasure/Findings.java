package dev.tidemill.curator.erasure;

import dev.tidemill.curator.domain.ErasedSubjects;
import dev.tidemill.events.SourcePosition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/// What a passage through the topics found of some subjects. Records of one partition are to be
/// offered in the order of their offsets.
final class Findings {
  /// A key of one partition: what compaction goes by.
  record Place(TopicPartition partition, String key) {}

  /// A record of a subject.
  private record Found(Set<String> subjects, SourcePosition position) {}

  private final Readings readings;
  private final ErasedSubjects erased;
  private final Map<Place, List<Found>> found = new HashMap<>();
  private final Set<Place> newest = new HashSet<>();
  private long unreachable;

  Findings(Readings readings, ErasedSubjects erased) {
    this.readings = readings;
    this.erased = erased;
  }

  void offer(ConsumerRecord<String, byte[]> record) {
    byte @Nullable [] value = record.value();
    Set<String> subjects = value == null ? Set.of() : subjects(record.topic(), value);
    @Nullable String key = record.key();
    if (key == null) {
      unreachable += subjects.isEmpty() ? 0 : 1;
      return;
    }
    Place place = new Place(new TopicPartition(record.topic(), record.partition()), key);
    if (value == null) {
      // Taken away before, and counted then.
      found.remove(place);
      newest.remove(place);
    } else if (!subjects.isEmpty()) {
      SourcePosition position =
          new SourcePosition(record.topic(), record.partition(), record.offset());
      found.computeIfAbsent(place, p -> new ArrayList<>()).add(new Found(subjects, position));
      newest.add(place);
    } else {
      // Somebody else's came under the key: compaction keeps that and takes the subject's away.
      newest.remove(place);
    }
  }

  /// Where tombstones are needed: keys whose newest record is one of a subject.
  Set<Place> places() {
    return newest;
  }

  /// Records that no tombstone reaches, for they have no key.
  long unreachable() {
    return unreachable;
  }

  /// Places in the training topics where records of the subject had been.
  List<SourcePosition> positions(String subject) {
    return found.values().stream()
        .flatMap(List::stream)
        .filter(each -> each.subjects().contains(subject))
        .map(Found::position)
        .filter(position -> Readings.training().contains(position.getTopic()))
        .toList();
  }

  /// Records of the subject, by topic.
  Map<String, Long> counts(String subject) {
    Map<String, Long> counts = new HashMap<>();
    found.values().stream()
        .flatMap(List::stream)
        .filter(each -> each.subjects().contains(subject))
        .forEach(each -> counts.merge(each.position().getTopic(), 1L, Long::sum));
    return counts;
  }

  /// Records of all the subjects, by topic.
  Map<String, Long> counts() {
    Map<String, Long> counts = new HashMap<>();
    found.forEach(
        (place, records) ->
            counts.merge(place.partition().topic(), (long) records.size(), Long::sum));
    return counts;
  }

  private Set<String> subjects(String topic, byte[] value) {
    return switch (readings.read(topic, value)) {
      case Readings.Reading.Known known -> erased.covered(known.persons());
      case Readings.Reading.Unreadable unreadable -> {
        Set<String> mentioned = new HashSet<>(erased.subjects());
        mentioned.removeIf(subject -> !unreadable.mentions(subject));
        yield mentioned;
      }
    };
  }
}
