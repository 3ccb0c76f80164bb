package dev.tidemill.curator.io;

import dev.tidemill.platform.faults.KafkaFaults;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.lifecycle.ServiceLoop;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.Topics;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/// The watermark that the group's committed offsets give: notes where the logs end, waits until the
/// group has committed that far, and then knows that all that was there when it looked is read.
///
/// Whoever reads a partition next begins at the committed offset with the state of that commit, so
/// what one process has learnt holds for a task that comes to it from another.
public final class CommittedWatermark implements Watermark, AutoCloseable {
  private static final List<Topic<?>> JOINED = List.of(Topics.COMPLETIONS, Topics.FEEDBACK);
  private static final Duration INTERVAL = Duration.ofSeconds(1);
  // Kafka's admin client tries for a minute when the broker is away, twice in a step.
  private static final Duration PULSE_LIMIT = Duration.ofMinutes(3);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(1);

  private final KafkaClients kafka;
  private final String group;
  private final InstantSource clock;
  private final Map<Integer, Long> marks = new ConcurrentHashMap<>();
  private final Map<Integer, Look> looks = new HashMap<>();
  private final CountDownLatch closing = new CountDownLatch(1);
  private @Nullable Admin admin;
  private @Nullable ServiceLoop loop;

  /// Where the logs of a partition ended.
  private record Look(long at, Map<TopicPartition, Long> ends) {

    boolean reachedBy(Map<TopicPartition, OffsetAndMetadata> committed) {
      return ends.entrySet().stream()
          .allMatch(end -> end.getValue() <= offset(committed.get(end.getKey())));
    }

    private static long offset(@Nullable OffsetAndMetadata committed) {
      return committed == null ? 0 : committed.offset();
    }
  }

  /// @param group whose offsets count
  public CommittedWatermark(KafkaClients kafka, String group, InstantSource clock) {
    this.kafka = kafka;
    this.group = group;
    this.clock = clock;
  }

  /// Begins to look.
  public synchronized CommittedWatermark start(Health health) {
    loop =
        ServiceLoop.named("curator-watermark", health)
            .wakeup(closing::countDown)
            .heartbeatLimit(PULSE_LIMIT)
            .stopLimit(STOP_LIMIT)
            .atEnd(this::letGo)
            .start(this::step);
    return this;
  }

  @Override
  public long of(int partition) {
    return marks.getOrDefault(partition, Long.MIN_VALUE);
  }

  @Override
  public synchronized void close() {
    @Nullable ServiceLoop running = loop;
    if (running != null) {
      running.close();
    }
  }

  private void step() throws InterruptedException {
    try {
      look();
    } catch (ExecutionException e) {
      throw KafkaFaults.classify(e);
    }
    boolean _ = closing.await(INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void look() throws ExecutionException, InterruptedException {
    @Nullable Admin asked = admin;
    if (asked == null) {
      asked = kafka.admin();
      admin = asked;
    }
    begin(asked);
    Map<TopicPartition, OffsetAndMetadata> committed =
        asked.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
    looks
        .entrySet()
        .removeIf(
            entry -> {
              boolean reached = entry.getValue().reachedBy(committed);
              if (reached) {
                marks.put(entry.getKey(), entry.getValue().at());
              }
              return reached;
            });
  }

  // Takes a look at each partition for which none is under way.
  private void begin(Admin asked) throws ExecutionException, InterruptedException {
    Map<TopicPartition, OffsetSpec> wanted = new HashMap<>();
    for (int partition = 0; partition < CuratorTopology.PARTITIONS; partition++) {
      if (!looks.containsKey(partition)) {
        for (Topic<?> topic : JOINED) {
          wanted.put(new TopicPartition(topic.name(), partition), OffsetSpec.latest());
        }
      }
    }
    if (wanted.isEmpty()) {
      return;
    }
    long now = clock.millis();
    Map<Integer, Map<TopicPartition, Long>> ends = new HashMap<>();
    asked
        .listOffsets(wanted)
        .all()
        .get()
        .forEach(
            (at, end) ->
                ends.computeIfAbsent(at.partition(), p -> new HashMap<>()).put(at, end.offset()));
    ends.forEach((partition, of) -> looks.put(partition, new Look(now, of)));
  }

  private void letGo() {
    if (admin != null) {
      admin.close(Duration.ZERO);
      admin = null;
    }
  }
}
