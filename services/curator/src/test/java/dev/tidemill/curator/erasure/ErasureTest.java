package dev.tidemill.curator.erasure;

import static dev.tidemill.curator.Records.completion;
import static dev.tidemill.curator.Records.correction;
import static dev.tidemill.curator.Records.demonstration;
import static dev.tidemill.curator.Records.document;
import static dev.tidemill.curator.Records.erasure;
import static dev.tidemill.curator.Records.preference;
import static dev.tidemill.curator.Records.rating;
import static dev.tidemill.curator.Records.retraction;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.broker.KafkaForTests;
import dev.tidemill.curator.Bench;
import dev.tidemill.curator.CuratorConfig;
import dev.tidemill.curator.CuratorService;
import dev.tidemill.curator.domain.JoinTimes;
import dev.tidemill.curator.text.Quality;
import dev.tidemill.events.AppliedErasure;
import dev.tidemill.events.CuratedDocument;
import dev.tidemill.events.DeadLetter;
import dev.tidemill.events.Demonstration;
import dev.tidemill.events.Document;
import dev.tidemill.events.Example;
import dev.tidemill.events.SourcePosition;
import dev.tidemill.platform.ServiceContext;
import dev.tidemill.platform.artifact.DirectoryArtifactStore;
import dev.tidemill.platform.config.ArtifactsConfig;
import dev.tidemill.platform.config.KafkaConfig;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicReader;
import dev.tidemill.platform.kafka.TopicRecord;
import dev.tidemill.platform.metrics.Metrics;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.Topics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Somebody is forgotten on a real broker, whose compaction takes milliseconds here.
class ErasureTest {
  private static final String MARY = "mary-7f3a99";
  private static final String PETER = "peter-1c2b44";
  private static final Map<String, String> QUICK =
      Map.of(
          "segment.ms", "300",
          "min.compaction.lag.ms", "0",
          "max.compaction.lag.ms", "300",
          "min.cleanable.dirty.ratio", "0.01",
          "delete.retention.ms", "100");

  @TempDir private Path directory;

  private final KafkaForTests kafka = KafkaForTests.shared().freshTopics();
  private final KafkaClients clients = kafka.clients("test");
  private final Health health = new Health();
  private final PrometheusMeterRegistry metrics = Metrics.create();

  @AfterEach
  void slowCleanerAgain() throws Exception {
    cleanerBackoff(AlterConfigOp.OpType.DELETE);
  }

  @Test
  void what_a_subject_gave_leaves_every_topic_and_what_others_gave_stays() throws Exception {
    cleanerBackoff(AlterConfigOp.OpType.SET);
    quick(topicNames("tidemill."));
    try (CuratorService _ = start()) {
      quick(topicNames("tidemill-curator-"));
      try (Producer<String, byte[]> producer = clients.producer("people")) {
        give(producer, MARY, "m");
        give(producer, PETER, "p");
        rubbish(producer, MARY, "m");
        rubbish(producer, PETER, "p");
        // Peter corrects what Mary was answered: her prompt is in his example.
        send(producer, Topics.FEEDBACK, "cm9", correction("fpm", "cm9", PETER, "peter's word"));
        producer.flush();
      }
      // Of each a document, and examples of a demonstration, a correction (two) and a preference;
      // Peter's correction of Mary's answer adds two. Three pieces of feedback and some rubbish of
      // each are refused.
      await(Topics.EXAMPLES, 2 * 4 + 2);
      await(Topics.CURATED_DOCUMENTS, 2);
      await(Topics.DEAD_LETTERS, 2 * 4);
      Set<SourcePosition> places = places();
      assertThat(places).hasSize(4 + 2 + 1);
      assertThat(audit().absent()).isFalse();
      String outcome = erase("e1");

      AppliedErasure applied = values(Topics.APPLIED_ERASURES).getFirst();
      assertThat(new HashSet<>(applied.getPositions())).isEqualTo(places);
      assertThat(applied.getRecords())
          .containsEntry(Topics.EXAMPLES.name(), 6L)
          .containsEntry(Topics.CURATED_DOCUMENTS.name(), 1L)
          .containsEntry(Topics.DEAD_LETTERS.name(), 4L)
          .containsEntry(Topics.DOCUMENTS.name(), 2L)
          .containsEntry(Topics.DEMONSTRATIONS.name(), 1L)
          .containsEntry(Topics.COMPLETIONS.name(), 1L)
          .containsEntry(Topics.FEEDBACK.name(), 5L);
      assertThat(outcome).contains("the subject is absent");

      try (Producer<String, byte[]> late = clients.producer("late")) {
        give(late, MARY, "late");
        late.flush();
      }
      Awaitility.await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () ->
                  values(Topics.DEAD_LETTERS).stream()
                          .filter(letter -> letter.getReason().equals("erased_subject"))
                          .count()
                      == 8);
      Awaitility.await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> audit(), ErasureAudit.Report::physicallyAbsent);
      assertThat(values(Topics.EXAMPLES))
          .hasSize(4)
          .allSatisfy(example -> assertThat(example.getSubject()).isEqualTo(PETER));
      assertThat(values(Topics.CURATED_DOCUMENTS))
          .extracting(CuratedDocument::getSubject)
          .containsExactly(PETER);
      assertThat(values(Topics.DEAD_LETTERS))
          .filteredOn(letter -> !letter.getReason().equals("erased_subject"))
          .hasSize(4);
      assertThat(values(Topics.DEAD_LETTERS))
          .filteredOn(letter -> letter.getReason().equals("erased_subject"))
          .hasSize(8)
          .extracting(DeadLetter::getPayload)
          .containsOnlyNulls();
      assertThat(values(Topics.COMPLETIONS)).hasSize(1);
      assertThat(metrics.scrape())
          .contains("tidemill_curator_erasures_total{outcome=\"applied\"} 1.0")
          .contains("tidemill_curator_erased_records_total{topic=\"tidemill.examples\"} 6.0")
          .contains("tidemill_curator_erasure_seconds_count 1")
          .contains("tidemill_curator_erasure_oldest_waiting_seconds 0.0");
    }
    // Once more, by a curator that starts anew: nothing is left, and nothing is stated twice.
    try (CuratorService _ = start()) {
      try (Producer<String, byte[]> producer = clients.producer("again")) {
        send(producer, Topics.ERASURES, MARY, erasure("e1", MARY));
      }
      Awaitility.await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> metrics.scrape().contains("outcome=\"repeated\"} 1.0"));
      try (Producer<String, byte[]> producer = clients.producer("again")) {
        give(producer, MARY, "again");
      }
      Awaitility.await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () ->
                  values(Topics.DEAD_LETTERS).stream()
                          .filter(letter -> letter.getReason().equals("erased_subject"))
                          .count()
                      == 16);
      assertThat(audit().absent()).isTrue();
      assertThat(values(Topics.APPLIED_ERASURES)).hasSize(1);
      assertThat(values(Topics.EXAMPLES)).hasSize(4);
      assertThat(health.live().ok()).isTrue();
    }
  }

  // Everything that a person can give, some of it refused.
  private static void give(Producer<String, byte[]> producer, String who, String mark) {
    send(
        producer,
        Topics.DOCUMENTS,
        "k" + mark,
        Document.newBuilder(document("d" + mark, "k" + mark, "what " + mark + " wrote"))
            .setSubject(who)
            .build());
    send(
        producer,
        Topics.DEMONSTRATIONS,
        "x" + mark,
        Demonstration.newBuilder(demonstration("x" + mark, "ask " + mark, "answer"))
            .setSubject(who)
            .build());
    String mine = "c" + mark + "9";
    send(producer, Topics.COMPLETIONS, mine, completion(mine, "my " + mark, "bad", who));
    String one = "c" + mark;
    send(producer, Topics.FEEDBACK, one, rating("f1" + mark, one, who, 1));
    send(producer, Topics.FEEDBACK, one, rating("f2" + mark, one, who, 7));
    send(producer, Topics.FEEDBACK, one, retraction("f3" + mark, one, who, "nothing"));
    send(producer, Topics.FEEDBACK, mine, correction("f4" + mark, mine, who, "good " + mark));
    send(producer, Topics.FEEDBACK, mine, preference("f5" + mark, mine, who, "fine", true));
  }

  private static void rubbish(Producer<String, byte[]> producer, String who, String mark) {
    byte[] rubbish = ("rubbish of " + who + " that is no record").getBytes(UTF_8);
    var _ = producer.send(new ProducerRecord<>(Topics.DOCUMENTS.name(), "r" + mark, rubbish));
  }

  /// Asks for Mary's erasure, waits until it is applied, and gives what the audit then prints.
  private String erase(String id) {
    try (Producer<String, byte[]> producer = clients.producer("erase")) {
      send(producer, Topics.ERASURES, MARY, erasure(id, MARY));
    }
    await(Topics.APPLIED_ERASURES, 1);
    ErasureAudit.Report report = audit();
    assertThat(report.absent()).as("%s", report).isTrue();
    assertThat(report.erasures()).isEqualTo(1);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ErasureAuditMain.print(report, new PrintStream(bytes, true, UTF_8));
    return bytes.toString(UTF_8);
  }

  private ErasureAudit.Report audit() {
    return new ErasureAudit(clients, CuratorService.APPLICATION_ID).run(MARY);
  }

  private Set<SourcePosition> places() {
    Set<SourcePosition> places = new HashSet<>();
    for (TopicRecord<Example> record : new TopicReader(clients).readAll(Topics.EXAMPLES)) {
      Example example = record.value();
      if (example != null
          && (MARY.equals(example.getSubject()) || MARY.equals(example.getCompletionSubject()))) {
        places.add(new SourcePosition(record.topic(), record.partition(), record.offset()));
      }
    }
    for (TopicRecord<CuratedDocument> record :
        new TopicReader(clients).readAll(Topics.CURATED_DOCUMENTS)) {
      CuratedDocument document = record.value();
      if (document != null && MARY.equals(document.getSubject())) {
        places.add(new SourcePosition(record.topic(), record.partition(), record.offset()));
      }
    }
    return places;
  }

  private <T extends SpecificRecord> List<T> values(Topic<T> topic) {
    List<T> values = new ArrayList<>();
    for (TopicRecord<T> record : new TopicReader(clients).readAll(topic)) {
      T value = record.value();
      if (value != null) {
        values.add(value);
      }
    }
    return values;
  }

  private void await(Topic<?> topic, int count) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> assertThat(values(topic)).hasSizeGreaterThanOrEqualTo(count));
  }

  private static <T extends SpecificRecord> void send(
      Producer<String, byte[]> producer, Topic<T> topic, String key, T value) {
    var _ =
        producer.send(
            new ProducerRecord<>(topic.name(), key, AvroCodec.of(topic.type()).encode(value)));
  }

  private CuratorService start() {
    CuratorConfig all = CuratorConfig.of(directory.resolve("state"));
    CuratorConfig config =
        new CuratorConfig(
            new CuratorConfig.Streams(directory.resolve("state"), 1, Duration.ofMillis(50)),
            Bench.NOTHING_HELD_OUT,
            all.limits(),
            new JoinTimes(Duration.ofHours(1), Duration.ofMillis(50), Duration.ofMillis(500), 0),
            all.dedupe(),
            all.near(),
            all.caps(),
            all.guard(),
            all.text().with(Quality.OFF),
            new CuratorConfig.Erasure(Duration.ofSeconds(1)));
    KafkaConfig quick =
        new KafkaConfig(
            kafka.bootstrapServers(),
            Map.of("repartition.purge.interval.ms", "200"),
            null,
            (short) 1);
    ServiceContext context =
        new ServiceContext(
            "curator",
            new KafkaClients(quick, "curator", new SimpleMeterRegistry()),
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

  private Set<String> topicNames(String prefix) throws Exception {
    try (Admin admin = clients.admin()) {
      return admin.listTopics().names().get().stream()
          .filter(name -> name.startsWith(prefix))
          .collect(Collectors.toSet());
    }
  }

  private void quick(Collection<String> topics) throws Exception {
    Map<ConfigResource, Collection<AlterConfigOp>> changes =
        topics.stream()
            .filter(name -> !name.endsWith("-repartition"))
            .filter(name -> !name.startsWith("tidemill.erasures"))
            .collect(
                Collectors.toMap(
                    name -> new ConfigResource(ConfigResource.Type.TOPIC, name),
                    name ->
                        QUICK.entrySet().stream()
                            .map(
                                entry ->
                                    new AlterConfigOp(
                                        new ConfigEntry(entry.getKey(), entry.getValue()),
                                        AlterConfigOp.OpType.SET))
                            .toList()));
    try (Admin admin = clients.admin()) {
      admin.incrementalAlterConfigs(changes).all().get();
    }
  }

  // The log cleaner looks at once instead of every quarter of a minute.
  private void cleanerBackoff(AlterConfigOp.OpType type) throws Exception {
    try (Admin admin = clients.admin()) {
      admin
          .incrementalAlterConfigs(
              Map.of(
                  new ConfigResource(ConfigResource.Type.BROKER, ""),
                  List.of(
                      new AlterConfigOp(new ConfigEntry("log.cleaner.backoff.ms", "100"), type))))
          .all()
          .get();
    }
  }
}
