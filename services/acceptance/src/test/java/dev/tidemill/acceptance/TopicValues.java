package dev.tidemill.acceptance;

import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.schemas.Topic;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.awaitility.Awaitility;

/// The values of topics as the bytes that lie there, the newest of each key.
final class TopicValues implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Duration POLL = Duration.ofMillis(50);

  private final Consumer<String, byte[]> consumer;
  private final Map<String, Map<String, byte[]>> values = new HashMap<>();

  TopicValues(KafkaClients clients, Topic<?>... topics) {
    consumer = clients.consumer("values", null);
    consumer.assign(
        Stream.of(topics)
            .flatMap(
                topic ->
                    IntStream.range(0, topic.partitions())
                        .mapToObj(partition -> new TopicPartition(topic.name(), partition)))
            .toList());
  }

  /// Waits until there is a value under the key.
  byte[] await(Topic<?> topic, String key) {
    return Awaitility.await(key + " is in " + topic.name())
        .atMost(LIMIT)
        .pollInterval(POLL)
        .until(() -> Optional.ofNullable(read(topic).get(key)), Optional::isPresent)
        .orElseThrow();
  }

  /// Whether there is one by now.
  boolean has(Topic<?> topic, String key) {
    return read(topic).containsKey(key);
  }

  @Override
  public void close() {
    consumer.close();
  }

  private Map<String, byte[]> read(Topic<?> topic) {
    consumer
        .poll(POLL)
        .forEach(
            record ->
                values
                    .computeIfAbsent(record.topic(), name -> new HashMap<>())
                    .put(record.key(), record.value()));
    return values.getOrDefault(topic.name(), Map.of());
  }
}
