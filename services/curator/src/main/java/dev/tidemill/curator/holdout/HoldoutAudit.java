package dev.tidemill.curator.holdout;

import dev.tidemill.curator.domain.HoldoutSplit;
import dev.tidemill.events.CuratedDocument;
import dev.tidemill.events.Example;
import dev.tidemill.events.Holdout;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicReader;
import dev.tidemill.platform.kafka.TopicRecord;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.Topics;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/// Scans the training topics of a cluster for what is held out.
public final class HoldoutAudit {
  private static final int MOST_NAMED = 100;

  /// What a scan found.
  ///
  /// @param heldOut items of the holdout
  /// @param examples examples that train
  /// @param documents documents that train
  /// @param leaks records that must not train
  /// @param named the first of them, each with its place and why
  public record Report(
      long heldOut, long examples, long documents, long leaks, List<String> named) {
    public Report {
      named = List.copyOf(named);
    }

    /// Whether nothing that is held out trains.
    public boolean clean() {
      return leaks == 0;
    }
  }

  private final TopicReader reader;
  private final HoldoutScan scan;
  private final List<String> named = new ArrayList<>();
  private long leaks;

  private HoldoutAudit(KafkaClients clients, HoldoutSplit split) {
    this.reader = new TopicReader(clients);
    this.scan = new HoldoutScan(split);
  }

  /// Scans everything that is committed now.
  public static Report run(KafkaClients clients, HoldoutSplit split) {
    return new HoldoutAudit(clients, split).run();
  }

  private Report run() {
    long heldOut =
        each(
            Topics.HOLDOUT,
            (Holdout item) -> {
              scan.heldOut(item);
              return Optional.empty();
            });
    long examples = each(Topics.EXAMPLES, (Example example) -> scan.leak(example));
    long documents =
        each(Topics.CURATED_DOCUMENTS, (CuratedDocument document) -> scan.leak(document));
    return new Report(heldOut, examples, documents, leaks, named);
  }

  private <T extends SpecificRecord> long each(
      Topic<T> topic, Function<T, Optional<String>> judge) {
    long[] seen = {0};
    reader.readEach(
        topic,
        record -> {
          @Nullable T value = record.value();
          if (value != null) {
            seen[0]++;
            judge.apply(value).ifPresent(why -> leak(record, why));
          }
        },
        undecodable -> {
          throw undecodable;
        });
    return seen[0];
  }

  private void leak(TopicRecord<?> record, String why) {
    leaks++;
    if (named.size() < MOST_NAMED) {
      named.add(
          "%s-%d offset %d: %s"
              .formatted(record.topic(), record.partition(), record.offset(), why));
    }
  }
}
