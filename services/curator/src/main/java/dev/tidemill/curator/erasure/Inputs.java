package dev.tidemill.curator.erasure;

import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.schemas.Topics;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;

/// The erasures of the partitions that the group gives to this eraser. For one thread, but for
/// [#wakeup()].
final class Inputs implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(500);

  /// The group has shared out the partitions again, so that what was read of them may be somebody
  /// else's by now.
  static final class MovedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    MovedException() {
      super("partitions of the erasures have moved; they are read again");
    }
  }

  private final Consumer<String, byte[]> consumer;
  private boolean moved;

  Inputs(KafkaClients kafka) {
    consumer = kafka.consumer("erasure", Eraser.GROUP);
    consumer.subscribe(
        List.of(Topics.ERASURES.name()),
        new ConsumerRebalanceListener() {
          @Override
          public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            moved = true;
          }

          @Override
          public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            moved = true;
          }
        });
  }

  /// What came, of the partitions that are ours now.
  ConsumerRecords<String, byte[]> poll() {
    return consumer.poll(POLL);
  }

  /// Whether partitions have moved since this was asked last.
  boolean moved() {
    boolean was = moved;
    moved = false;
    return was;
  }

  /// The partitions that are ours, as far as the last poll told.
  SortedSet<Integer> partitions() {
    SortedSet<Integer> partitions = new TreeSet<>();
    consumer.assignment().forEach(each -> partitions.add(each.partition()));
    return partitions;
  }

  ConsumerGroupMetadata group() {
    return consumer.groupMetadata();
  }

  /// Reads this record again, and what comes behind it.
  void backTo(ConsumerRecord<String, byte[]> record) {
    consumer.seek(new TopicPartition(record.topic(), record.partition()), record.offset());
  }

  /// Reads a batch again that was not applied, as far as its partitions are still ours.
  void backTo(Batch batch) {
    batch
        .first()
        .forEach(
            (partition, offset) -> {
              if (consumer.assignment().contains(partition)) {
                consumer.seek(partition, offset);
              }
            });
  }

  /// Keeps our place in the group while a batch is under way.
  ///
  /// @throws MovedException when the batch may be somebody else's
  void keep() {
    consumer.pause(consumer.assignment());
    ConsumerRecords<String, byte[]> polled = consumer.poll(Duration.ZERO);
    consumer.resume(consumer.assignment());
    // What is given to us in this poll is not paused.
    for (TopicPartition partition : polled.partitions()) {
      consumer.seek(partition, polled.records(partition).getFirst().offset());
    }
    if (moved) {
      throw new MovedException();
    }
  }

  void wakeup() {
    consumer.wakeup();
  }

  @Override
  public void close() {
    consumer.close();
  }
}
