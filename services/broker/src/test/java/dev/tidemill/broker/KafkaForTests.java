package dev.tidemill.broker;

import dev.tidemill.platform.config.KafkaConfig;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicCreation;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.GroupListing;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/// The Kafka that integration tests run on. One per JVM, shared by its tests, from [#shared()]; or
/// one of a test's own, from [#start()].
///
/// It runs in a container where a Docker engine answers and Testcontainers is on the class path,
/// and inside the test's JVM otherwise; the tests cannot tell.
public final class KafkaForTests implements AutoCloseable {

  private static @Nullable KafkaForTests shared;

  private final String bootstrapServers;
  private final AutoCloseable kafka;

  private KafkaForTests(String bootstrapServers, AutoCloseable kafka) {
    this.bootstrapServers = bootstrapServers;
    this.kafka = kafka;
  }

  /// The Kafka of this JVM, started at the first call and stopped when the JVM ends. Tests that
  /// share it begin with [#freshTopics()].
  public static synchronized KafkaForTests shared() {
    @Nullable KafkaForTests kafka = shared;
    if (kafka == null) {
      kafka = start();
      shared = kafka;
      Runtime.getRuntime()
          .addShutdownHook(Thread.ofPlatform().name("stop-kafka").unstarted(kafka::close));
    }
    return kafka;
  }

  /// A Kafka of the caller's own, without topics. The caller closes it.
  public static KafkaForTests start() {
    return ContainerKafka.available() ? container() : embedded();
  }

  /// What clients are configured with.
  public String bootstrapServers() {
    return bootstrapServers;
  }

  /// The platform's clients on this Kafka, with a registry of their own.
  public KafkaClients clients(String name) {
    return new KafkaClients(KafkaConfig.of(bootstrapServers), name, new SimpleMeterRegistry());
  }

  /// Takes away all topics and consumer groups and makes the catalogue's topics anew, so that a
  /// test meets an empty Kafka. Nothing may be reading or writing meanwhile.
  ///
  /// @return this
  public KafkaForTests freshTopics() {
    try (Admin admin = clients("fresh-topics").admin()) {
      removeGroups(admin);
      removeTopics(admin);
      TopicCreation.ensure(admin, (short) 1);
    } catch (ExecutionException e) {
      throw new IllegalStateException("topics could not be made anew: " + e.getCause(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while topics were made anew", e);
    }
    return this;
  }

  @Override
  public void close() {
    try {
      kafka.close();
    } catch (Exception e) {
      throw new IllegalStateException("the tests' Kafka could not be stopped", e);
    }
  }

  private static void removeGroups(Admin admin) throws ExecutionException, InterruptedException {
    Set<String> groups =
        admin.listGroups().all().get().stream()
            .map(GroupListing::groupId)
            .collect(Collectors.toSet());
    if (!groups.isEmpty()) {
      admin.deleteConsumerGroups(groups).all().get();
    }
  }

  private static void removeTopics(Admin admin) throws ExecutionException, InterruptedException {
    Set<String> topics = admin.listTopics().names().get();
    if (topics.isEmpty()) {
      return;
    }
    admin.deleteTopics(topics).all().get();
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(20))
        .until(() -> admin.listTopics().names().get().stream().noneMatch(topics::contains));
  }

  private static KafkaForTests container() {
    ContainerKafka container = ContainerKafka.start();
    return new KafkaForTests(container.bootstrapServers(), container);
  }

  private static KafkaForTests embedded() {
    try {
      Path directory = Files.createTempDirectory("tidemill-kafka-");
      EmbeddedBroker broker = EmbeddedBroker.start(directory, 0, 0);
      return new KafkaForTests(
          broker.bootstrapServers(),
          () -> {
            broker.close();
            delete(directory);
          });
    } catch (IOException e) {
      throw new UncheckedIOException("no directory for the tests' Kafka", e);
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      List<Path> deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
      for (Path path : deepestFirst) {
        Files.deleteIfExists(path);
      }
    }
  }
}
