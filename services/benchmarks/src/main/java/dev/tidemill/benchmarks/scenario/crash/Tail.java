package dev.tidemill.benchmarks.scenario.crash;

import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/// Counts what the curator has written and committed, as it goes.
final class Tail implements AutoCloseable {
  static final List<Topic<?>> WRITTEN =
      List.of(Topics.EXAMPLES, Topics.CURATED_DOCUMENTS, Topics.HOLDOUT, Topics.DEAD_LETTERS);
  private static final Duration POLL = Duration.ofMillis(200);

  private final Map<String, Integer> counts = new HashMap<>();
  private final Thread thread;
  private volatile boolean closing;
  private volatile long lastRecord = System.nanoTime();

  Tail(KafkaClients clients) {
    List<TopicPartition> partitions = new ArrayList<>();
    for (Topic<?> topic : WRITTEN) {
      for (int i = 0; i < topic.partitions(); i++) {
        partitions.add(new TopicPartition(topic.name(), i));
      }
    }
    thread =
        Thread.ofPlatform()
            .name("tail")
            .daemon()
            .start(
                () -> {
                  try (Consumer<String, byte[]> consumer = clients.consumer("tail", null)) {
                    consumer.assign(partitions);
                    while (!closing) {
                      consumer.poll(POLL).forEach(this::count);
                    }
                  }
                });
  }

  /// Documents and examples, to training or holdout.
  synchronized int curated() {
    return of(Topics.EXAMPLES) + of(Topics.CURATED_DOCUMENTS) + of(Topics.HOLDOUT);
  }

  synchronized int deadLetters() {
    return of(Topics.DEAD_LETTERS);
  }

  /// Time since the last record came.
  Duration quiet() {
    return Duration.ofNanos(System.nanoTime() - lastRecord);
  }

  @Override
  public void close() {
    closing = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private int of(Topic<?> topic) {
    return counts.getOrDefault(topic.name(), 0);
  }

  private synchronized void count(ConsumerRecord<String, byte[]> record) {
    counts.merge(record.topic(), 1, Integer::sum);
    lastRecord = System.nanoTime();
  }
}
