package dev.tidemill.benchmarks.scenario.crash;

import dev.tidemill.curator.CuratorService;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.Topics;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/// How far the curator is behind the raw topics, by the offsets that it has committed.
final class Lags {
  private static final List<Topic<?>> RAW =
      List.of(Topics.DOCUMENTS, Topics.DEMONSTRATIONS, Topics.COMPLETIONS, Topics.FEEDBACK);

  private Lags() {}

  /// Raw records that are there.
  ///
  /// @param records written to the raw topics
  /// @param behind of these not yet read by the curator
  record Account(long records, long behind) {}

  static Account of(KafkaClients clients) {
    Map<TopicPartition, OffsetSpec> wanted = new HashMap<>();
    for (Topic<?> topic : RAW) {
      for (int i = 0; i < topic.partitions(); i++) {
        wanted.put(new TopicPartition(topic.name(), i), OffsetSpec.latest());
      }
    }
    try (Admin admin = clients.admin()) {
      Map<TopicPartition, OffsetAndMetadata> committed =
          admin
              .listConsumerGroupOffsets(CuratorService.APPLICATION_ID)
              .partitionsToOffsetAndMetadata()
              .get();
      long records = 0;
      long behind = 0;
      for (var end : admin.listOffsets(wanted).all().get().entrySet()) {
        @Nullable OffsetAndMetadata at = committed.get(end.getKey());
        records += end.getValue().offset();
        behind += end.getValue().offset() - (at == null ? 0 : at.offset());
      }
      return new Account(records, behind);
    } catch (ExecutionException e) {
      return new Account(-1, Long.MAX_VALUE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }
}
