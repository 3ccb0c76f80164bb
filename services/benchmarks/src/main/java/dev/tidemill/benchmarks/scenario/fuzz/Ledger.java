package dev.tidemill.benchmarks.scenario.fuzz;

import dev.tidemill.events.CuratedDocument;
import dev.tidemill.events.DeadLetter;
import dev.tidemill.events.Example;
import dev.tidemill.events.Holdout;
import dev.tidemill.events.SourcePosition;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicReader;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.Topics;
import java.time.Duration;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/// What lies in the raw topics, and what of it came out where, by its place.
public final class Ledger {
  private final Map<TopicPartition, BitSet> raw = new HashMap<>();
  private final Map<TopicPartition, BitSet> out = new HashMap<>();
  private final Map<TopicPartition, BitSet> dead = new HashMap<>();
  private final Map<String, Integer> reasons = new TreeMap<>();
  private long deadTwice;
  private long nowhere;

  /// Reads all topics.
  public static Ledger of(KafkaClients clients) {
    Ledger ledger = new Ledger();
    for (Topic<?> topic :
        List.of(Topics.DOCUMENTS, Topics.DEMONSTRATIONS, Topics.COMPLETIONS, Topics.FEEDBACK)) {
      ledger.readRaw(clients, topic);
    }
    TopicReader reader = new TopicReader(clients);
    ledger.each(reader, Topics.DEAD_LETTERS, ledger::refused);
    ledger.each(reader, Topics.CURATED_DOCUMENTS, document -> ledger.came(document.getOrigin()));
    ledger.each(reader, Topics.EXAMPLES, ledger::came);
    ledger.each(
        reader,
        Topics.HOLDOUT,
        (Holdout held) -> {
          switch (held.getItem()) {
            case Example example -> ledger.came(example);
            case CuratedDocument document -> ledger.came(document.getOrigin());
            case Object other -> throw new IllegalStateException("held out: " + other);
          }
        });
    return ledger;
  }

  /// Records of a raw topic.
  public long records(Topic<?> topic) {
    return count(raw, topic);
  }

  /// Records of a raw topic that are neither in an output nor dead letters.
  public long withoutOutput(Topic<?> topic) {
    long count = 0;
    for (Map.Entry<TopicPartition, BitSet> entry : raw.entrySet()) {
      if (entry.getKey().topic().equals(topic.name())) {
        BitSet left = (BitSet) entry.getValue().clone();
        left.andNot(out.getOrDefault(entry.getKey(), new BitSet()));
        left.andNot(dead.getOrDefault(entry.getKey(), new BitSet()));
        count += left.cardinality();
      }
    }
    return count;
  }

  /// Dead letters of a raw topic.
  public long deadLetters(Topic<?> topic) {
    return count(dead, topic);
  }

  /// Records that have more than one dead letter.
  public long deadTwice() {
    return deadTwice;
  }

  /// Outputs that name a place where no record lies.
  public long fromNowhere() {
    return nowhere;
  }

  /// Dead letters by reason.
  public Map<String, Integer> reasons() {
    return Map.copyOf(reasons);
  }

  private static long count(Map<TopicPartition, BitSet> places, Topic<?> topic) {
    return places.entrySet().stream()
        .filter(entry -> entry.getKey().topic().equals(topic.name()))
        .mapToLong(entry -> entry.getValue().cardinality())
        .sum();
  }

  private void readRaw(KafkaClients clients, Topic<?> topic) {
    try (var consumer = clients.consumer("ledger", null)) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic.name()).stream()
              .map(each -> new TopicPartition(each.topic(), each.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (partitions.stream()
          .anyMatch(each -> consumer.position(each) < ends.getOrDefault(each, 0L))) {
        for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(200))) {
          place(raw, record.topic(), record.partition(), record.offset());
        }
      }
    }
  }

  private <T extends SpecificRecord> void each(
      TopicReader reader, Topic<T> topic, Consumer<T> taker) {
    reader.readEach(
        topic,
        record -> {
          @Nullable T value = record.value();
          if (value != null) {
            taker.accept(value);
          }
        },
        undecodable -> {
          throw undecodable;
        });
  }

  private void refused(DeadLetter letter) {
    reasons.merge(letter.getReason(), 1, Integer::sum);
    SourcePosition at = letter.getSource();
    if (!known(at)) {
      nowhere++;
    } else if (!place(dead, at.getTopic(), at.getPartition(), at.getOffset())) {
      deadTwice++;
    }
  }

  private void came(Example example) {
    example.getOrigins().forEach(this::came);
  }

  private void came(SourcePosition at) {
    if (known(at)) {
      place(out, at.getTopic(), at.getPartition(), at.getOffset());
    } else {
      nowhere++;
    }
  }

  private boolean known(SourcePosition at) {
    return raw.getOrDefault(new TopicPartition(at.getTopic(), at.getPartition()), new BitSet())
        .get((int) at.getOffset());
  }

  private static boolean place(
      Map<TopicPartition, BitSet> places, String topic, int partition, long offset) {
    BitSet offsets =
        places.computeIfAbsent(new TopicPartition(topic, partition), each -> new BitSet());
    boolean there = offsets.get((int) offset);
    offsets.set((int) offset);
    return !there;
  }
}
