package dev.tidemill.platform.kafka;

import dev.tidemill.platform.faults.FatalFault;
import dev.tidemill.platform.faults.KafkaFaults;
import dev.tidemill.platform.faults.RetriableFault;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.TopicCatalogue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Creates the topics of the catalogue where they are missing.
public final class TopicCreation {

  private static final Logger log = LoggerFactory.getLogger(TopicCreation.class);
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final long LOOK_AGAIN_MS = 50;

  /// How long a segment of a compacted topic takes records.
  public static final Duration SEGMENT = Duration.ofHours(12);

  private TopicCreation() {}

  /// Creates every topic of the catalogue that is missing and returns when all of them can be used.
  /// Safe to call by several processes at once, and again.
  ///
  /// @param replicationFactor -1 for the broker's default
  /// @return the names of those that were created by this call
  /// @throws FatalFault when a topic exists with another number of partitions: keys would go astray
  public static List<String> ensure(Admin admin, short replicationFactor) {
    return ensure(admin, TopicCatalogue.all(), replicationFactor);
  }

  /// The same for some of the topics.
  public static List<String> ensure(
      Admin admin, List<? extends Topic<?>> topics, short replicationFactor) {
    try {
      Set<String> existing = admin.listTopics().names().get();
      List<NewTopic> missing =
          topics.stream()
              .filter(topic -> !existing.contains(topic.name()))
              .map(topic -> newTopic(topic, replicationFactor))
              .toList();
      List<String> created = create(admin, missing);
      awaitUsable(admin, topics);
      return created;
    } catch (ExecutionException e) {
      throw KafkaFaults.classify(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RetriableFault("topic creation was interrupted", e);
    }
  }

  /// Returns when every topic of the catalogue can be used.
  ///
  /// @throws RetriableFault that names those that cannot after half a minute
  /// @throws FatalFault when a topic exists with another number of partitions
  public static void await(Admin admin) {
    try {
      awaitUsable(admin, TopicCatalogue.all());
    } catch (ExecutionException e) {
      throw KafkaFaults.classify(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RetriableFault("waiting for topics was interrupted", e);
    }
  }

  private static NewTopic newTopic(Topic<?> topic, short replicationFactor) {
    Map<String, String> configs = configs(topic);
    Optional<Short> replication =
        replicationFactor > 0 ? Optional.of(replicationFactor) : Optional.empty();
    return new NewTopic(topic.name(), Optional.of(topic.partitions()), replication)
        .configs(configs);
  }

  // A record that was superseded, or tombstoned, is to go within a bounded time: segments are
  // closed early, since the open one is never compacted, and compaction may wait for a day only.
  private static Map<String, String> configs(Topic<?> topic) {
    Map<String, String> configs = new HashMap<>();
    configs.put(
        TopicConfig.CLEANUP_POLICY_CONFIG,
        switch (topic.cleanup()) {
          case DELETE -> TopicConfig.CLEANUP_POLICY_DELETE;
          case COMPACT -> TopicConfig.CLEANUP_POLICY_COMPACT;
          case COMPACT_DELETE ->
              TopicConfig.CLEANUP_POLICY_COMPACT + "," + TopicConfig.CLEANUP_POLICY_DELETE;
        });
    @Nullable Duration retention = topic.retention();
    if (retention != null) {
      configs.put(TopicConfig.RETENTION_MS_CONFIG, Long.toString(retention.toMillis()));
    }
    if (topic.cleanup().compacts()) {
      configs.put(TopicConfig.SEGMENT_MS_CONFIG, Long.toString(SEGMENT.toMillis()));
      configs.put(
          TopicConfig.MIN_COMPACTION_LAG_MS_CONFIG,
          Long.toString(topic.compactionLag().toMillis()));
      configs.put(
          TopicConfig.MAX_COMPACTION_LAG_MS_CONFIG,
          Long.toString(topic.compactedWithin().toMillis()));
    }
    return configs;
  }

  private static List<String> create(Admin admin, List<NewTopic> missing)
      throws ExecutionException, InterruptedException {
    List<String> created = new ArrayList<>();
    for (Map.Entry<String, KafkaFuture<Void>> result :
        admin.createTopics(missing).values().entrySet()) {
      try {
        result.getValue().get();
        created.add(result.getKey());
        log.info("created topic {}", result.getKey());
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof TopicExistsException)) {
          throw e;
        }
        log.debug("topic {} was created by another at the same time", result.getKey());
      }
    }
    return created;
  }

  // A topic that was just created may be unknown to some brokers for a moment, and any topic to a
  // broker that was just started.
  private static void awaitUsable(Admin admin, List<? extends Topic<?>> topics)
      throws ExecutionException, InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    CountDownLatch never = new CountDownLatch(1);
    while (true) {
      List<String> absent = new ArrayList<>();
      Map<String, KafkaFuture<TopicDescription>> descriptions =
          admin
              .describeTopics(topics.stream().map(Topic::name).collect(Collectors.toList()))
              .topicNameValues();
      for (Topic<?> topic : topics) {
        if (!usable(topic, descriptions.get(topic.name()))) {
          absent.add(topic.name());
        }
      }
      if (absent.isEmpty()) {
        return;
      }
      if (System.nanoTime() > deadline) {
        throw new RetriableFault(
            "topics without a leader after " + PATIENCE.toSeconds() + " s: " + absent);
      }
      if (never.await(LOOK_AGAIN_MS, TimeUnit.MILLISECONDS)) {
        return;
      }
    }
  }

  private static boolean usable(Topic<?> topic, @Nullable KafkaFuture<TopicDescription> described)
      throws ExecutionException, InterruptedException {
    if (described == null) {
      return false;
    }
    TopicDescription description;
    try {
      description = described.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownTopicOrPartitionException) {
        return false;
      }
      throw e;
    }
    int partitions = description.partitions().size();
    if (partitions != topic.partitions()) {
      throw new FatalFault(
          "topic %s has %d partitions; the catalogue says %d"
              .formatted(topic.name(), partitions, topic.partitions()));
    }
    return description.partitions().stream()
        .allMatch(p -> p.leader() != null && !p.leader().isEmpty());
  }
}
