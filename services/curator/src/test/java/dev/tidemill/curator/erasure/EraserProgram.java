package dev.tidemill.curator.erasure;

import dev.tidemill.curator.CuratorConfig;
import dev.tidemill.platform.ServiceContext;
import dev.tidemill.platform.artifact.DirectoryArtifactStore;
import dev.tidemill.platform.config.ArtifactsConfig;
import dev.tidemill.platform.config.KafkaConfig;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.logging.Logging;
import dev.tidemill.schemas.Topics;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerInterceptor;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/// An eraser as a process of its own, which stops for ever when it is about to state what it did:
/// `EraserProgram BOOTSTRAP_SERVERS FOLDER NAME`. Its tombstones are written by then, and their
/// transaction is open; it says so and waits to be killed.
public final class EraserProgram {
  static final String OPEN = "the transaction is open";
  static final String APPLICATION = "erased";

  // A process that is killed counts as a member of its group for so long.
  private static final Map<String, String> QUICK =
      Map.of("session.timeout.ms", "6000", "heartbeat.interval.ms", "500");

  private EraserProgram() {}

  public static void main(String[] args) throws InterruptedException {
    Logging.configure();
    Map<String, String> stopping = new HashMap<>(QUICK);
    stopping.put("interceptor.classes", Stopping.class.getName());
    KafkaConfig kafka = new KafkaConfig(args[0], stopping, null, (short) 1);
    try (Eraser _ =
        eraser(kafka, Path.of(args[1]), args[2], new SimpleMeterRegistry(), new Health()).start()) {
      new CountDownLatch(1).await();
    }
  }

  /// An eraser on this Kafka.
  static Eraser eraser(
      String bootstrapServers, Path folder, String name, MeterRegistry metrics, Health health) {
    return eraser(
        new KafkaConfig(bootstrapServers, QUICK, null, (short) 1), folder, name, metrics, health);
  }

  private static Eraser eraser(
      KafkaConfig kafka, Path folder, String name, MeterRegistry metrics, Health health) {
    return new Eraser(
        new ServiceContext(
            name,
            new KafkaClients(kafka, name, metrics),
            metrics,
            DirectoryArtifactStore.of(new ArtifactsConfig(folder, null, List.of())),
            health,
            InstantSource.system()),
        CuratorConfig.of(folder),
        APPLICATION);
  }

  /// Holds the thread that sends a statement.
  public static final class Stopping
      implements ProducerInterceptor<String, byte[]>, ConsumerInterceptor<String, byte[]> {
    @Override
    public ProducerRecord<String, byte[]> onSend(ProducerRecord<String, byte[]> record) {
      if (record.topic().equals(Topics.APPLIED_ERASURES.name())) {
        System.out.println(OPEN);
        try {
          new CountDownLatch(1).await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
      return record;
    }

    @Override
    public ConsumerRecords<String, byte[]> onConsume(ConsumerRecords<String, byte[]> records) {
      return records;
    }

    @Override
    public void onAcknowledgement(
        @Nullable RecordMetadata metadata, @Nullable Exception exception) {}

    @Override
    public void onCommit(Map<TopicPartition, OffsetAndMetadata> offsets) {}

    @Override
    public void configure(Map<String, ?> configs) {}

    @Override
    public void close() {}
  }
}
