package dev.tidemill.curator;

import static dev.tidemill.curator.Records.completion;
import static dev.tidemill.curator.Records.correction;
import static dev.tidemill.curator.Records.demonstration;
import static dev.tidemill.curator.Records.document;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.broker.KafkaForTests;
import dev.tidemill.curator.domain.Caps;
import dev.tidemill.curator.domain.JoinTimes;
import dev.tidemill.curator.domain.Limits;
import dev.tidemill.curator.domain.near.NearRules;
import dev.tidemill.curator.guard.Guard;
import dev.tidemill.events.CuratedDocument;
import dev.tidemill.events.DeadLetter;
import dev.tidemill.events.Example;
import dev.tidemill.platform.ServiceContext;
import dev.tidemill.platform.artifact.DirectoryArtifactStore;
import dev.tidemill.platform.config.ArtifactsConfig;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.Partitions;
import dev.tidemill.platform.kafka.TopicCreation;
import dev.tidemill.platform.metrics.Metrics;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.Topics;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The service on a real broker, over a restart.
class CuratorServiceTest {
  @TempDir private Path directory;

  private final KafkaForTests kafka = KafkaForTests.shared().freshTopics();
  private final Health health = new Health();
  private final PrometheusMeterRegistry metrics = Metrics.create();

  @Test
  void a_restart_neither_loses_nor_repeats() {
    CuratorService first = start();
    feed("a");
    try (Consumer<String, byte[]> reader = reader()) {
      List<ConsumerRecord<String, byte[]>> written = new ArrayList<>();
      // 6 documents; 5 demonstrations; 5 corrections of two examples each; 5 pieces of rubbish.
      awaitRecords(reader, written, 26);
      first.close();
      assertThat(health.live().ok()).isTrue();
      assertThat(health.ready().checks()).isEmpty();

      CuratorService second = start();
      feed("a");
      feed("b");
      // The second "a" makes nothing again but its rubbish; the long text of "b" is nearly that of
      // "a", which came before the restart.
      awaitRecords(reader, written, 26 + 31);
      assertThat(metrics.scrape())
          .contains("tidemill_curator_records_total")
          .contains("tidemill_curator_dead_letters_total")
          .contains("tidemill_curator_join_seconds_bucket")
          .contains("tidemill_curator_freshness_seconds_bucket")
          .contains("tidemill_curator_feedback_parked")
          .contains("kafka_stream_");
      second.close();

      assertThat(ids(written, Topics.EXAMPLES, Example::getId)).hasSize(30).doesNotHaveDuplicates();
      assertThat(ids(written, Topics.CURATED_DOCUMENTS, CuratedDocument::getId))
          .hasSize(11)
          .doesNotHaveDuplicates();
      assertThat(ids(written, Topics.DEAD_LETTERS, DeadLetter::getReason))
          .hasSize(16)
          .containsOnlyOnce("near_duplicate")
          .containsOnly("near_duplicate", "malformed_record");
      // Keys are one for each record, so that compaction loses none; partitions are still chosen
      // by what belongs together.
      for (Topic<?> topic : List.of(Topics.EXAMPLES, Topics.CURATED_DOCUMENTS)) {
        assertThat(of(written, topic)).extracting(ConsumerRecord::key).doesNotHaveDuplicates();
      }
      assertThat(of(written, Topics.EXAMPLES))
          .extracting(ConsumerRecord::partition)
          .containsOnly(Partitions.of("support", Topics.EXAMPLES.partitions()));
      assertThat(of(written, Topics.CURATED_DOCUMENTS))
          .allSatisfy(
              record ->
                  assertThat(record.partition())
                      .isEqualTo(Partitions.of(record.key().replace("d", "k"), 4)));
      assertThat(of(written, Topics.DEAD_LETTERS))
          .extracting(ConsumerRecord::key)
          .allMatch(key -> key.matches("tidemill\\.[a-z]+-\\d@\\d+"))
          .doesNotHaveDuplicates();
    }
  }

  @Test
  void an_assignment_that_failed_for_want_of_a_topic_does_not_last() {
    try (CuratorService _ = start();
        Admin admin = kafka.clients("operator").admin()) {
      var _ = admin.deleteTopics(List.of(Topics.DEMONSTRATIONS.name()));
      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> metrics.scrape().contains("tidemill_curator_thread_failures_total 1.0"));
      assertThat(health.ready().ok()).isFalse();

      TopicCreation.ensure(admin, (short) 1);
      feed("a");
      try (Consumer<String, byte[]> reader = reader()) {
        awaitRecords(reader, new ArrayList<>(), 26);
      }
      assertThat(health.live().ok()).isTrue();
      assertThat(health.ready().ok()).isTrue();
    }
  }

  private CuratorService start() {
    CuratorConfig config =
        new CuratorConfig(
            new CuratorConfig.Streams(directory.resolve("state"), 1, Duration.ofMillis(50)),
            Bench.NOTHING_HELD_OUT,
            Limits.DEFAULT,
            new JoinTimes(Duration.ofHours(1), Duration.ofMillis(50), Duration.ofMinutes(1), 0),
            new CuratorConfig.Dedupe(Duration.ofDays(1), 10_000),
            NearRules.DEFAULT,
            Caps.DEFAULT,
            Guard.DEFAULT,
            Bench.NOTHING_ASKED,
            CuratorConfig.Erasure.DEFAULT);
    ServiceContext context =
        new ServiceContext(
            "curator",
            kafka.clients("curator"),
            metrics,
            DirectoryArtifactStore.of(
                new ArtifactsConfig(directory.resolve("artifacts"), null, List.of())),
            health,
            InstantSource.system());
    CuratorService service = new CuratorService(context, config);
    service.start();
    Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> health.ready().ok());
    return service;
  }

  private void feed(String batch) {
    KafkaClients clients = kafka.clients("feeder");
    try (Producer<String, byte[]> producer = clients.producer("feeder")) {
      for (int i = 0; i < 5; i++) {
        String id = batch + i;
        send(producer, Topics.DOCUMENTS, "k" + id, document("d" + id, "k" + id, "text " + id));
        send(producer, Topics.DEMONSTRATIONS, "x" + id, demonstration("x" + id, "ask " + id, "a"));
        // Feedback before and behind its completion.
        if (i % 2 == 0) {
          send(producer, Topics.FEEDBACK, "c" + id, correction("f" + id, "c" + id, "s" + id, "5"));
        }
        send(producer, Topics.COMPLETIONS, "c" + id, completion("c" + id, "q " + id, "0"));
        if (i % 2 == 1) {
          send(producer, Topics.FEEDBACK, "c" + id, correction("f" + id, "c" + id, "s" + id, "5"));
        }
        byte[] rubbish = "rubbish".getBytes(StandardCharsets.UTF_8);
        String topic = List.of(Topics.DOCUMENTS, Topics.FEEDBACK).get(i % 2).name();
        var _ = producer.send(new ProducerRecord<>(topic, id, rubbish));
      }
      String text =
          IntStream.range(0, 100).mapToObj(i -> "word" + i).collect(Collectors.joining(" "));
      String key = "k" + batch + "-long";
      send(producer, Topics.DOCUMENTS, key, document("d" + batch + "-long", key, text + batch));
      producer.flush();
    }
  }

  private static <T extends SpecificRecord> void send(
      Producer<String, byte[]> producer, Topic<T> topic, String key, T value) {
    var _ =
        producer.send(
            new ProducerRecord<>(topic.name(), key, AvroCodec.of(topic.type()).encode(value)));
  }

  private Consumer<String, byte[]> reader() {
    Consumer<String, byte[]> reader = kafka.clients("reader").consumer("reader", null);
    List<TopicPartition> partitions = new ArrayList<>();
    for (Topic<?> topic :
        List.of(Topics.EXAMPLES, Topics.CURATED_DOCUMENTS, Topics.DEAD_LETTERS, Topics.HOLDOUT)) {
      for (int partition = 0; partition < topic.partitions(); partition++) {
        partitions.add(new TopicPartition(topic.name(), partition));
      }
    }
    reader.assign(partitions);
    reader.seekToBeginning(partitions);
    return reader;
  }

  private static void awaitRecords(
      Consumer<String, byte[]> reader, List<ConsumerRecord<String, byte[]>> written, int count) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .pollInSameThread()
        .until(
            () -> {
              reader.poll(Duration.ofMillis(100)).forEach(written::add);
              return written.size() >= count;
            });
  }

  private static List<ConsumerRecord<String, byte[]>> of(
      List<ConsumerRecord<String, byte[]>> written, Topic<?> topic) {
    return written.stream().filter(record -> record.topic().equals(topic.name())).toList();
  }

  private static <T extends SpecificRecord> List<String> ids(
      List<ConsumerRecord<String, byte[]>> written,
      Topic<T> topic,
      java.util.function.Function<T, String> id) {
    AvroCodec<T> codec = AvroCodec.of(topic.type());
    List<String> ids = new ArrayList<>();
    for (ConsumerRecord<String, byte[]> record : written) {
      if (record.topic().equals(topic.name())) {
        try {
          ids.add(id.apply(codec.decode(record.value())));
        } catch (dev.tidemill.schemas.MalformedRecordException e) {
          throw new AssertionError("the curator wrote what cannot be read", e);
        }
      }
    }
    return ids;
  }
}
