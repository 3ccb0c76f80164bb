package dev.tidemill.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemill.events.Erasure;
import dev.tidemill.events.Route;
import dev.tidemill.platform.config.KafkaConfig;
import dev.tidemill.platform.faults.FatalFault;
import dev.tidemill.platform.faults.KafkaFaults;
import dev.tidemill.platform.faults.RejectedFault;
import dev.tidemill.platform.faults.RetriableFault;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicCreation;
import dev.tidemill.platform.kafka.TopicReader;
import dev.tidemill.platform.kafka.TopicRecord;
import dev.tidemill.platform.kafka.TopicTable;
import dev.tidemill.platform.kafka.TopicWriter;
import dev.tidemill.platform.metrics.Metrics;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.TopicCatalogue;
import dev.tidemill.schemas.Topics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What the platform's Kafka package promises, on a real broker.
class PlatformKafkaTest {

  private static final Instant AT = Instant.parse("2026-01-02T03:04:05Z");

  private final KafkaForTests kafka = KafkaForTests.shared();
  private final KafkaClients clients = kafka.clients("test");

  @BeforeEach
  void freshTopics() {
    kafka.freshTopics();
  }

  @Test
  void theCataloguesTopicsAreCreatedOnceAsItSays() throws Exception {
    try (Admin admin = clients.admin()) {
      assertThat(TopicCreation.ensure(admin, (short) 1)).isEmpty();
      assertThat(admin.listTopics().names().get())
          .containsAll(TopicCatalogue.all().stream().map(Topic::name).toList());
      ConfigResource routes = new ConfigResource(ConfigResource.Type.TOPIC, Topics.ROUTES.name());
      assertThat(admin.describeConfigs(List.of(routes)).all().get().values())
          .singleElement()
          .extracting(Config::entries, InstanceOfAssertFactories.collection(ConfigEntry.class))
          .anySatisfy(
              entry -> {
                assertThat(entry.name()).isEqualTo("cleanup.policy");
                assertThat(entry.value()).isEqualTo("compact");
              });
      assertThat(configs(admin, Topics.FEEDBACK))
          .containsEntry("cleanup.policy", "compact,delete")
          .containsEntry("retention.ms", Long.toString(Duration.ofDays(30).toMillis()))
          .containsEntry("min.compaction.lag.ms", Long.toString(Duration.ofDays(7).toMillis()))
          .containsEntry("max.compaction.lag.ms", Long.toString(Duration.ofDays(8).toMillis()));
      assertThat(configs(admin, Topics.EXAMPLES))
          .containsEntry("min.compaction.lag.ms", "0")
          .containsEntry("max.compaction.lag.ms", Long.toString(Duration.ofDays(1).toMillis()));
      Topic<Route> other =
          new Topic<>(
              Topics.ROUTES.name(), Route.class, "task", 3, Topic.Cleanup.COMPACT, null, List.of());
      assertThatThrownBy(() -> TopicCreation.ensure(admin, List.of(other), (short) 1))
          .isInstanceOf(FatalFault.class)
          .hasMessage("topic tidemill.routes has 1 partitions; the catalogue says 3");
    }
  }

  @Test
  void typedRecordsGoThereAndBack() {
    try (Producer<String, byte[]> producer = clients.producer("p")) {
      TopicWriter<Erasure> writer = clients.writer(producer, Topics.ERASURES);
      for (int i = 0; i < 20; i++) {
        writer.send("subject-" + i, erasure("subject-" + i)).join();
      }
    }
    List<TopicRecord<Erasure>> records = new TopicReader(clients).readAll(Topics.ERASURES);
    assertThat(records).hasSize(20);
    assertThat(records).extracting(TopicRecord::partition).contains(0, 1, 2, 3);
    assertThat(records).allSatisfy(r -> assertThat(r.value()).isEqualTo(erasure(r.key())));
  }

  @Test
  void whatIsTooLargeIsRejectedAndWhatCannotBeReadIsNamed() throws Exception {
    try (Producer<String, byte[]> producer = clients.producer("p")) {
      TopicWriter<Erasure> writer = clients.writer(producer, Topics.ERASURES);
      assertThatThrownBy(() -> writer.send("s", erasure("x".repeat(3_000_000))).join())
          .hasCauseInstanceOf(RejectedFault.class);
      producer.send(new ProducerRecord<>(Topics.ERASURES.name(), 2, "s", new byte[] {1})).get();
    }
    assertThatThrownBy(() -> new TopicReader(clients).readAll(Topics.ERASURES))
        .isInstanceOf(RejectedFault.class)
        .hasMessageStartingWith("tidemill.erasures-2 offset 0 cannot be decoded: ");
  }

  @Test
  void anAbortedTransactionIsNeverReadAndOffsetsGoWithACommittedOne() {
    TopicPartition partition = new TopicPartition(Topics.EXAMPLES.name(), 0);
    try (Producer<String, byte[]> producer = clients.transactionalProducer("worker");
        Consumer<String, byte[]> consumer = clients.consumer("c", "group")) {
      TopicWriter<Erasure> writer = clients.writer(producer, Topics.ERASURES);
      consumer.assign(List.of(partition));
      producer.initTransactions();
      producer.beginTransaction();
      var _ = writer.send("aborted", erasure("aborted"));
      producer.flush();
      producer.abortTransaction();
      producer.beginTransaction();
      var _ = writer.send("committed", erasure("committed"));
      producer.sendOffsetsToTransaction(
          Map.of(partition, new OffsetAndMetadata(7)), consumer.groupMetadata());
      producer.commitTransaction();
      assertThat(new TopicReader(clients).readAll(Topics.ERASURES))
          .extracting(TopicRecord::key)
          .containsExactly("committed");
      assertThat(consumer.committed(Set.of(partition)))
          .containsExactly(Map.entry(partition, new OffsetAndMetadata(7)));
    }
  }

  @Test
  void aSecondWorkerOfTheSameIdFencesTheFirst() {
    try (Producer<String, byte[]> first = clients.transactionalProducer("worker");
        Producer<String, byte[]> second = clients.transactionalProducer("worker")) {
      first.initTransactions();
      first.beginTransaction();
      var _ = clients.writer(first, Topics.ERASURES).send("first", erasure("first"));
      first.flush();
      second.initTransactions();
      assertThatThrownBy(first::commitTransaction)
          .isInstanceOf(ProducerFencedException.class)
          .satisfies(e -> assertThat(KafkaFaults.classify(e)).isInstanceOf(FatalFault.class));
    }
    assertThat(new TopicReader(clients).readAll(Topics.ERASURES)).isEmpty();
  }

  @Test
  void aTableFollowsItsTopic() throws Exception {
    SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    Health health = new Health();
    List<Set<String>> changes = new CopyOnWriteArrayList<>();
    try (Producer<String, byte[]> producer = clients.producer("p")) {
      TopicWriter<Route> writer = clients.writer(producer, Topics.ROUTES);
      writer.send("support", route("support", 1)).join();
      writer.send("support", route("support", 2)).join();
      writer.send("sales", route("sales", 1)).join();
      try (TopicTable<Route> table =
          new TopicTable<>(clients, Topics.ROUTES, health, metrics)
              .listen((image, keys) -> changes.add(keys))
              .start()) {
        assertThat(table.awaitCaughtUp(Duration.ofSeconds(20))).isTrue();
        Map<String, Route> before = table.image();
        assertThat(before).containsOnlyKeys("support", "sales");
        assertThat(table.get("support")).hasValue(route("support", 2));

        writer.delete("sales").join();
        producer.send(new ProducerRecord<>(Topics.ROUTES.name(), "support", new byte[] {9})).get();
        writer.send("other", route("other", 1)).join();
        Awaitility.await().until(() -> table.get("other").isPresent());
        assertThat(table.image()).containsOnlyKeys("support", "other");
        assertThat(table.get("support")).hasValue(route("support", 2));
        assertThat(before).containsOnlyKeys("support", "sales");
        assertThat(changes.stream().flatMap(Set::stream)).contains("support", "sales", "other");
        assertThat(
                metrics
                    .get("tidemill.table.undecodable.records")
                    .tag("topic", "tidemill.routes")
                    .counter()
                    .count())
            .isEqualTo(1);
        assertThat(health.live().checks())
            .extracting(Health.Check::name)
            .containsExactly("table-tidemill.routes");
      }
    }
    assertThat(health.live().checks()).isEmpty();
  }

  @Test
  void aTableOfATopicThatIsNotThereYetWaitsForIt() throws Exception {
    Topic<Route> late =
        new Topic<>("late", Route.class, "task", 1, Topic.Cleanup.COMPACT, null, List.of());
    Health health = new Health();
    try (Admin admin = clients.admin();
        TopicTable<Route> table =
            new TopicTable<>(clients, late, health, new SimpleMeterRegistry()).start()) {
      assertThatThrownBy(() -> new TopicReader(clients).readAll(late))
          .isInstanceOf(RetriableFault.class)
          .hasMessage("topic late does not exist");
      assertThat(table.caughtUp()).isFalse();
      TopicCreation.ensure(admin, List.of(late), (short) 1);
      assertThat(table.awaitCaughtUp(Duration.ofSeconds(20))).isTrue();
      assertThat(health.live().ok()).isTrue();
    }
  }

  @Test
  void theMetersOfClientsComeAndGo() {
    PrometheusMeterRegistry metrics = Metrics.create();
    KafkaClients measured =
        new KafkaClients(KafkaConfig.of(kafka.bootstrapServers()), "measured", metrics);
    try (Producer<String, byte[]> producer = measured.producer("p");
        Consumer<String, byte[]> consumer = measured.consumer("c", "g")) {
      measured.writer(producer, Topics.ERASURES).send("s", erasure("s")).join();
      consumer.subscribe(List.of(Topics.ERASURES.name()));
      Awaitility.await().until(() -> !consumer.poll(Duration.ofMillis(100)).isEmpty());
      assertThat(metrics.scrape())
          .contains("kafka_producer_record_send_total{client_id=\"measured-p\"")
          .contains("kafka_consumer_fetch_manager_records_consumed_total{client_id=\"measured-c\"");
    }
    assertThat(metrics.scrape()).doesNotContain("measured-p", "measured-c");
  }

  private static Map<String, String> configs(Admin admin, Topic<?> topic) throws Exception {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic.name());
    return admin
        .describeConfigs(List.of(resource))
        .all()
        .get()
        .values()
        .iterator()
        .next()
        .entries()
        .stream()
        .filter(entry -> entry.value() != null)
        .collect(Collectors.toMap(ConfigEntry::name, ConfigEntry::value));
  }

  private static Erasure erasure(String subject) {
    return Erasure.newBuilder()
        .setId("id-" + subject)
        .setProducer("test")
        .setSubject(subject)
        .setReason("asked for")
        .setEventTime(AT)
        .build();
  }

  private static Route route(String task, long epoch) {
    return Route.newBuilder().setTask(task).setEpoch(epoch).setUpdatedAt(AT).build();
  }
}
