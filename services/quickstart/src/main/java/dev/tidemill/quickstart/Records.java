package dev.tidemill.quickstart;

import dev.tidemill.events.ArtifactKind;
import dev.tidemill.events.Binary;
import dev.tidemill.events.Candidate;
import dev.tidemill.events.CuratedDocument;
import dev.tidemill.events.DeadLetter;
import dev.tidemill.events.Example;
import dev.tidemill.events.OffsetRange;
import dev.tidemill.events.PreferencePair;
import dev.tidemill.events.Release;
import dev.tidemill.events.ReleaseState;
import dev.tidemill.events.Sft;
import dev.tidemill.events.Transition;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicReader;
import dev.tidemill.platform.kafka.TopicRecord;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/// Reads the figures of the summary off the topics.
public final class Records {
  private final KafkaClients kafka;
  private final TopicReader reader;

  public Records(KafkaClients kafka) {
    this.kafka = kafka;
    this.reader = new TopicReader(kafka);
  }

  /// Records on a topic by its offsets. Exact for topics that are written without transactions.
  public long count(Topic<?> topic) {
    try (Consumer<String, byte[]> consumer = kafka.consumer("count", null)) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic.name()).stream()
              .map(p -> new TopicPartition(p.topic(), p.partition()))
              .toList();
      long ends = consumer.endOffsets(partitions).values().stream().mapToLong(o -> o).sum();
      long begins = consumer.beginningOffsets(partitions).values().stream().mapToLong(o -> o).sum();
      return ends - begins;
    }
  }

  /// Records that producers pushed.
  public long eventsIn() {
    return count(Topics.DOCUMENTS)
        + count(Topics.DEMONSTRATIONS)
        + count(Topics.FEEDBACK)
        + count(Topics.ERASURES);
  }

  /// Examples by kind.
  public Map<String, Long> examples() {
    Map<String, Long> kinds = new TreeMap<>();
    for (TopicRecord<Example> record : present(Topics.EXAMPLES)) {
      kinds.merge(kind(value(record)), 1L, Long::sum);
    }
    return kinds;
  }

  /// Dead letters by reason.
  public Map<String, Long> deadLetters() {
    Map<String, Long> reasons = new TreeMap<>();
    for (TopicRecord<DeadLetter> record : present(Topics.DEAD_LETTERS)) {
      reasons.merge(value(record).getReason(), 1L, Long::sum);
    }
    return reasons;
  }

  /// What became of feedback of subjects with a name that begins so, since an instant.
  ///
  /// @param made examples from them
  /// @param weightShare their share of the weight of all examples since then
  public record Influence(long made, double weightShare) {}

  public Influence influence(String subjectPrefix, Instant since) {
    long made = 0;
    double theirs = 0;
    double all = 0;
    for (TopicRecord<Example> record : present(Topics.EXAMPLES)) {
      Example example = value(record);
      if (example.getEventTime().isBefore(since)) {
        continue;
      }
      all += example.getWeight();
      @Nullable String subject = example.getSubject();
      if (subject != null && subject.startsWith(subjectPrefix)) {
        made++;
        theirs += example.getWeight();
      }
    }
    return new Influence(made, all == 0 ? 0 : theirs / all);
  }

  /// Seconds from each event to the first traffic of a release that had learnt from it. The first
  /// window of a pre-training lineage is left out: nothing was being served yet.
  public Summary.Seconds secondsEventToServed(Collection<Release> releases) {
    Map<TopicPartition, List<Served>> windows = servedWindows(releases);
    List<Double> seconds = new ArrayList<>();
    for (TopicRecord<Example> record : present(Topics.EXAMPLES)) {
      add(seconds, windows, record, value(record).getEventTime());
    }
    for (TopicRecord<CuratedDocument> record : present(Topics.CURATED_DOCUMENTS)) {
      add(seconds, windows, record, value(record).getEventTime());
    }
    seconds.sort(Comparator.naturalOrder());
    if (seconds.isEmpty()) {
      return new Summary.Seconds(Double.NaN, Double.NaN);
    }
    return new Summary.Seconds(seconds.get(seconds.size() / 2), seconds.getLast());
  }

  /// A run of offsets and when a release that had learnt from it first took traffic.
  private record Served(long from, long to, Instant at) {
    boolean holds(long offset) {
      return from <= offset && offset < to;
    }
  }

  private Map<TopicPartition, List<Served>> servedWindows(Collection<Release> releases) {
    // A release has learnt from its own window and from all earlier ones of its lineage.
    Map<TopicPartition, List<Served>> windows = new HashMap<>();
    for (TopicRecord<Candidate> record : present(Topics.CANDIDATES)) {
      Candidate candidate = value(record);
      if (candidate.getKind() == ArtifactKind.BASE && candidate.getSequence() == 1) {
        continue;
      }
      @Nullable Instant at = firstTraffic(candidate, releases);
      if (at == null) {
        continue;
      }
      for (OffsetRange range : candidate.getWindows()) {
        windows
            .computeIfAbsent(
                new TopicPartition(range.getTopic(), range.getPartition()), p -> new ArrayList<>())
            .add(new Served(range.getFromOffset(), range.getToOffset(), at));
      }
    }
    return windows;
  }

  private static @Nullable Instant firstTraffic(Candidate candidate, Collection<Release> releases) {
    return releases.stream()
        .filter(r -> r.getCandidate().getLineage().equals(candidate.getLineage()))
        .filter(r -> r.getCandidate().getSequence() >= candidate.getSequence())
        .flatMap(r -> r.getTransitions().stream())
        .filter(t -> t.getState() == ReleaseState.CANARY || t.getState() == ReleaseState.LIVE)
        .map(Transition::getAt)
        .min(Comparator.naturalOrder())
        .orElse(null);
  }

  private static void add(
      List<Double> seconds,
      Map<TopicPartition, List<Served>> windows,
      TopicRecord<?> record,
      Instant eventTime) {
    windows.getOrDefault(new TopicPartition(record.topic(), record.partition()), List.of()).stream()
        .filter(served -> served.holds(record.offset()))
        .findFirst()
        .ifPresent(
            served -> seconds.add(Duration.between(eventTime, served.at).toMillis() / 1000.0));
  }

  private <T extends SpecificRecord> List<TopicRecord<T>> present(Topic<T> topic) {
    return reader.readAll(topic).stream().filter(r -> r.value() != null).toList();
  }

  private static <T> T value(TopicRecord<T> record) {
    @Nullable T value = record.value();
    if (value == null) {
      throw new IllegalStateException("a tombstone was not left out");
    }
    return value;
  }

  private static String kind(Example example) {
    return switch (example.getTraining()) {
      case Sft sft -> "sft";
      case PreferencePair pair -> "preference";
      case Binary binary -> "binary";
      case Object other ->
          throw new IllegalStateException("an example of kind " + other.getClass().getName());
    };
  }
}
