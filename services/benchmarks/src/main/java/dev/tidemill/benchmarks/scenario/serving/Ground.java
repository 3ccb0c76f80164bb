package dev.tidemill.benchmarks.scenario.serving;

import dev.tidemill.events.Canary;
import dev.tidemill.events.Completion;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.events.Replica;
import dev.tidemill.events.Route;
import dev.tidemill.platform.config.KafkaConfig;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicCreation;
import dev.tidemill.platform.kafka.TopicReader;
import dev.tidemill.platform.kafka.TopicRecord;
import dev.tidemill.platform.kafka.TopicTable;
import dev.tidemill.platform.kafka.TopicWriter;
import dev.tidemill.schemas.Topics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.Producer;
import org.jspecify.annotations.Nullable;

/// A replica on a broker, and the hand that writes the routes which it follows.
public final class Ground implements AutoCloseable {
  private static final Duration LOOK = Duration.ofMillis(50);
  private static final Duration START_LIMIT = Duration.ofSeconds(60);

  private final KafkaClients kafka;
  private final Producer<String, byte[]> producer;
  private final TopicWriter<Route> routes;
  private final TopicTable<Replica> replicas;
  private final Map<String, Long> epochs = new HashMap<>();
  private final Object seen = new Object();
  private final Node node;

  /// Creates the topics and starts the replica, without a route.
  ///
  /// @param inference further keys of its section, as a YAML map without braces
  public Ground(Path folder, String bootstrapServers, Releases releases, String inference)
      throws IOException {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    kafka = new KafkaClients(KafkaConfig.of(bootstrapServers), "scenario", meters);
    try (Admin admin = kafka.admin()) {
      TopicCreation.ensure(admin, (short) 1);
    }
    producer = kafka.producer("scenario");
    routes = kafka.writer(producer, Topics.ROUTES);
    replicas =
        new TopicTable<>(kafka, Topics.REPLICAS, new Health(), meters)
            .listen((image, keys) -> wake())
            .start();
    String sections =
        "kafka: {bootstrap_servers: \"%s\"}%n%s".formatted(bootstrapServers, releases.settings());
    node = new Node(folder, sections, inference);
    node.start();
  }

  public Node node() {
    return node;
  }

  /// Writes the route of a task and waits until it has been taken.
  ///
  /// @return its epoch
  public long route(String task, ReleaseTarget live) {
    return route(task, live, null, null);
  }

  /// The same with a canary and a shadow.
  public long route(
      String task, ReleaseTarget live, @Nullable Canary canary, @Nullable ReleaseTarget shadow) {
    long epoch = epochs.merge(task, 1L, Long::sum);
    var _ = routes.send(task, new Route(task, epoch, live, canary, shadow, Instant.now())).join();
    return epoch;
  }

  /// Waits until the replica has reported that it follows an epoch of a task's route.
  public void awaitFollowed(String task, long epoch) throws InterruptedException {
    long end = System.nanoTime() + START_LIMIT.toNanos();
    synchronized (seen) {
      while (!follows(task, epoch)) {
        if (System.nanoTime() > end || !node.isAlive()) {
          throw new IllegalStateException(
              "the replica, which %s, does not follow epoch %d of %s; it reports %s and says last: %s"
                  .formatted(
                      node.isAlive() ? "runs" : "has ended",
                      epoch,
                      task,
                      replicas.image(),
                      node.lastWords()));
        }
        TimeUnit.NANOSECONDS.timedWait(seen, LOOK.toNanos());
      }
    }
  }

  /// What the replica has reported last; null when it has not yet.
  public @Nullable Replica reported() {
    return replicas.image().get("node");
  }

  /// The completions recorded so far.
  public Collection<Completion> completions() {
    List<Completion> all = new ArrayList<>();
    for (TopicRecord<Completion> record : new TopicReader(kafka).readAll(Topics.COMPLETIONS)) {
      @Nullable Completion value = record.value();
      if (value != null) {
        all.add(value);
      }
    }
    return all;
  }

  /// Waits for a condition.
  ///
  /// @return whether it came true within the limit
  public static boolean await(Duration limit, BooleanSupplier condition)
      throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        return false;
      }
      TimeUnit.NANOSECONDS.sleep(LOOK.toNanos());
    }
    return true;
  }

  private boolean follows(String task, long epoch) {
    @Nullable Replica replica = reported();
    return replica != null && replica.getEpochs().getOrDefault(task, 0L) >= epoch;
  }

  private void wake() {
    synchronized (seen) {
      seen.notifyAll();
    }
  }

  @Override
  public void close() {
    node.close();
    replicas.close();
    producer.close(Duration.ofSeconds(2));
  }
}
