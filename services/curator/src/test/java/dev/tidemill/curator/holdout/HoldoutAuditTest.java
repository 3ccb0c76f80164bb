package dev.tidemill.curator.holdout;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.broker.KafkaForTests;
import dev.tidemill.curator.domain.HoldoutSplit;
import dev.tidemill.events.CuratedDocument;
import dev.tidemill.events.Holdout;
import dev.tidemill.events.SourcePosition;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicWriter;
import dev.tidemill.schemas.Topics;
import java.time.Instant;
import org.apache.kafka.clients.producer.Producer;
import org.junit.jupiter.api.Test;

/// The audit on a real broker.
class HoldoutAuditTest {
  private static final HoldoutSplit SPLIT = new HoldoutSplit(0.0, "salt");

  private final KafkaForTests kafka = KafkaForTests.shared().freshTopics();

  @Test
  void names_the_place_of_each_leak() {
    KafkaClients clients = kafka.clients("holdout-audit");
    try (Producer<String, byte[]> producer = clients.producer("test")) {
      TopicWriter<Holdout> holdout = clients.writer(producer, Topics.HOLDOUT);
      TopicWriter<CuratedDocument> training = clients.writer(producer, Topics.CURATED_DOCUMENTS);
      holdout.send("held", new Holdout("held", document("d1", "held"))).join();
      training.send("d2", document("d2", "free")).join();
      // What was erased is no record.
      training.delete("d0").join();
      assertThat(HoldoutAudit.run(clients, SPLIT))
          .isEqualTo(new HoldoutAudit.Report(1, 0, 1, 0, java.util.List.of()));

      var leaked = training.send("d3", document("d3", "held")).join();
      HoldoutAudit.Report report = HoldoutAudit.run(clients, SPLIT);
      assertThat(report.clean()).isFalse();
      assertThat(report.named())
          .containsExactly(
              "tidemill.documents.curated-%d offset %d: its key held is in the holdout"
                  .formatted(leaked.partition(), leaked.offset()));
    }
  }

  private static CuratedDocument document(String id, String key) {
    return CuratedDocument.newBuilder()
        .setId(id)
        .setKey(key)
        .setProducer("wiki")
        .setSource("wiki")
        .setText(id)
        .setDigest("sha256:" + id)
        .setOrigin(new SourcePosition("tidemill.documents", 0, 0L))
        .setEventTime(Instant.EPOCH)
        .setCuratedAt(Instant.EPOCH)
        .build();
  }
}
