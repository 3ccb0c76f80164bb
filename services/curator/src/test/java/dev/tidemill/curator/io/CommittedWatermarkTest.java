package dev.tidemill.curator.io;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.broker.KafkaForTests;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.schemas.Topics;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class CommittedWatermarkTest {
  private static final String GROUP = "watermark-test";
  private static final long UNKNOWN = Long.MIN_VALUE;

  private final KafkaForTests kafka = KafkaForTests.shared().freshTopics();
  private final KafkaClients clients = kafka.clients("watermark");
  private final InstantSource clock = InstantSource.system();

  @Test
  void what_lies_there_counts_as_read_when_the_group_has_committed_it() throws Exception {
    send(Topics.COMPLETIONS.name(), 1);
    send(Topics.FEEDBACK.name(), 1);
    try (CommittedWatermark watermark =
        new CommittedWatermark(clients, GROUP, clock).start(new Health())) {
      // Another partition with nothing in it shows that it has looked.
      rises(watermark, 2, UNKNOWN);
      assertThat(watermark.of(1)).isEqualTo(UNKNOWN);

      commit(Topics.FEEDBACK.name(), 1, 1);
      rises(watermark, 2, clock.millis());
      assertThat(watermark.of(1)).as("completions are not read yet").isEqualTo(UNKNOWN);

      long before = clock.millis();
      commit(Topics.COMPLETIONS.name(), 1, 1);
      rises(watermark, 1, before);

      send(Topics.COMPLETIONS.name(), 1);
      long sent = clock.millis();
      rises(watermark, 2, clock.millis() + 1_000);
      assertThat(watermark.of(1)).as("the second is not read").isLessThanOrEqualTo(sent);
      commit(Topics.COMPLETIONS.name(), 1, 2);
      rises(watermark, 1, sent);
    }
  }

  private static void rises(CommittedWatermark watermark, int partition, long beyond) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(50))
        .until(() -> watermark.of(partition) > beyond);
  }

  private void send(String topic, int partition) throws ExecutionException, InterruptedException {
    try (Producer<String, byte[]> producer = clients.producer("watermark-test")) {
      producer.send(new ProducerRecord<>(topic, partition, "key", new byte[1])).get();
    }
  }

  private void commit(String topic, int partition, long offset)
      throws ExecutionException, InterruptedException {
    try (Admin admin = clients.admin()) {
      admin
          .alterConsumerGroupOffsets(
              GROUP, Map.of(new TopicPartition(topic, partition), new OffsetAndMetadata(offset)))
          .all()
          .get();
    }
  }
}
