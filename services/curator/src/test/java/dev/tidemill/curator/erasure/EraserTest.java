package dev.tidemill.curator.erasure;

import static dev.tidemill.curator.Records.document;
import static dev.tidemill.curator.Records.erasure;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.broker.KafkaForTests;
import dev.tidemill.curator.io.CuratorTopology;
import dev.tidemill.events.AppliedErasure;
import dev.tidemill.events.CuratedDocument;
import dev.tidemill.events.Document;
import dev.tidemill.events.Erasure;
import dev.tidemill.events.SourcePosition;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.Partitions;
import dev.tidemill.platform.kafka.TopicReader;
import dev.tidemill.platform.kafka.TopicRecord;
import dev.tidemill.platform.kafka.WholeTopics;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.Sha256;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.Topics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.LongSerializer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Two erasers at once, and one that is killed: on a real broker, without a curator. What its tasks
/// acknowledge is written by the tests, so that an erasure waits as long as a test likes.
@Timeout(120)
class EraserTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final int PARTITIONS = Topics.ERASURES.partitions();

  @TempDir private Path folder;

  private final KafkaForTests kafka = KafkaForTests.shared().freshTopics();
  private final KafkaClients clients = kafka.clients("test");
  private final Health health = new Health();

  @BeforeEach
  void topicsOfTheTasks() throws Exception {
    try (Admin admin = clients.admin()) {
      admin
          .createTopics(
              CuratorTopology.acknowledgements(EraserProgram.APPLICATION).stream()
                  .map(name -> new NewTopic(name, 1, (short) 1))
                  .toList())
          .all()
          .get();
    }
  }

  @Test
  void two_erasers_share_the_erasures_and_each_is_applied_once() throws Exception {
    List<String> subjects = IntStream.range(0, 12).mapToObj("subject-%02d"::formatted).toList();
    assertThat(subjects.stream().map(EraserTest::partition).distinct()).hasSize(PARTITIONS);
    subjects.forEach(this::give);
    give("somebody-else");
    SimpleMeterRegistry first = new SimpleMeterRegistry();
    SimpleMeterRegistry second = new SimpleMeterRegistry();
    try (Eraser _ = eraser("a", first).start()) {
      subjects.forEach(this::forget);
      // It has read them and waits for the tasks: all four partitions are its own.
      Awaitility.await().atMost(LIMIT).until(() -> waits(first));
      try (Eraser _ = eraser("b", second).start()) {
        Awaitility.await()
            .atMost(LIMIT)
            .until(() -> shares().equals(Map.of("a", Set.of(0, 1), "b", Set.of(2, 3))));
        assertThat(statements()).isEmpty();
        acknowledge();
        Awaitility.await()
            .atMost(LIMIT)
            .until(
                () -> statements().stream().map(AppliedErasure::getSubject).toList(),
                stated -> stated.containsAll(subjects));
        Awaitility.await()
            .atMost(LIMIT)
            .until(() -> count(first, "applied") + count(second, "applied") == subjects.size());
      }
      // Alone again, and asked once more for what the other has applied: nothing is left to state.
      subjects.forEach(this::forget);
      acknowledge();
      Awaitility.await().atMost(LIMIT).until(() -> count(first, "repeated") == subjects.size());
    }
    assertThat(statements())
        .extracting(AppliedErasure::getSubject)
        .containsExactlyInAnyOrderElementsOf(subjects);
    assertThat(statements())
        .allSatisfy(statement -> assertThat(statement.getPositions()).hasSize(1));
    assertThat(count(first, "applied")).isPositive();
    assertThat(count(second, "applied")).isPositive();
    assertThat(present()).containsExactly("somebody-else");
    assertThat(health.firstFailure()).isNotDone();
  }

  @Test
  void what_a_killed_eraser_has_begun_is_undone_and_done_again_by_another() throws Exception {
    String subject = ofPartition(PARTITIONS - 1);
    String other = ofPartition(0);
    give(subject);
    give(other);
    acknowledge();
    SourcePosition place = place(subject);
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    try (Eraser _ = eraser("a", meters).start()) {
      Process process = start("b");
      try (BufferedReader says = process.inputReader()) {
        Awaitility.await()
            .atMost(LIMIT)
            .until(() -> shares().equals(Map.of("a", Set.of(0, 1), "b", Set.of(2, 3))));
        forget(subject);
        assertThat(says.readLine())
            .as("its last words: %s", Files.readString(folder.resolve("b.err")))
            .isEqualTo(EraserProgram.OPEN);
        Awaitility.await().atMost(LIMIT).until(() -> tombstonesInTheLog() == 2);
      } finally {
        process.destroyForcibly().waitFor();
      }
      assertThat(statements()).isEmpty();
      assertThat(present()).as("no reader sees a part of it").contains(subject);

      Awaitility.await().atMost(LIMIT).until(() -> count(meters, "applied") == 1);
    }
    assertThat(statements())
        .singleElement()
        .satisfies(
            statement -> {
              assertThat(statement.getSubject()).isEqualTo(subject);
              assertThat(statement.getPositions()).containsExactly(place);
              assertThat(statement.getRecords())
                  .isEqualTo(
                      Map.of(Topics.DOCUMENTS.name(), 1L, Topics.CURATED_DOCUMENTS.name(), 1L));
            });
    assertThat(present()).containsExactly(other);
    assertThat(health.firstFailure()).isNotDone();
  }

  private Eraser eraser(String name, SimpleMeterRegistry meters) {
    return EraserProgram.eraser(
        kafka.bootstrapServers(), folder.resolve(name), name, meters, health);
  }

  private Process start(String name) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xmx256m",
            "-cp",
            System.getProperty("java.class.path"),
            EraserProgram.class.getName(),
            kafka.bootstrapServers(),
            folder.resolve(name).toString(),
            name)
        .redirectError(folder.resolve(name + ".err").toFile())
        .start();
  }

  /// A document of the subject, and what the curator made of it.
  private void give(String subject) {
    Document raw =
        Document.newBuilder(document("d-" + subject, "k-" + subject, "what was written"))
            .setSubject(subject)
            .build();
    send(Topics.DOCUMENTS, raw.getKey(), AvroCodec.of(Document.class).encode(raw));
    CuratedDocument curated =
        CuratedDocument.newBuilder()
            .setId(raw.getId())
            .setKey(raw.getKey())
            .setSource(raw.getSource())
            .setText(raw.getText())
            .setDigest(Sha256.hex(raw.getText().getBytes(UTF_8)))
            .setSubject(subject)
            .setProducer(raw.getProducer())
            .setOrigin(new SourcePosition(Topics.DOCUMENTS.name(), 0, 0L))
            .setEventTime(raw.getEventTime())
            .setCuratedAt(raw.getEventTime())
            .build();
    send(
        Topics.CURATED_DOCUMENTS,
        curated.getKey(),
        AvroCodec.of(CuratedDocument.class).encode(curated));
  }

  private void forget(String subject) {
    send(
        Topics.ERASURES,
        subject,
        AvroCodec.of(Erasure.class).encode(erasure("erasure of " + subject, subject)));
  }

  /// Every task has forgotten whoever asked for it.
  private void acknowledge() {
    for (String topic : CuratorTopology.acknowledgements(EraserProgram.APPLICATION)) {
      for (int partition = 0; partition < PARTITIONS; partition++) {
        byte[] offset = new LongSerializer().serialize("", 1_000L);
        send(topic, Integer.toString(partition), offset);
      }
    }
  }

  private void send(Topic<?> topic, String key, byte[] value) {
    send(topic.name(), key, value);
  }

  private void send(String topic, String key, byte[] value) {
    try (Producer<String, byte[]> producer = clients.producer("send")) {
      var _ = producer.send(new ProducerRecord<>(topic, key, value));
    }
  }

  private static int partition(String subject) {
    return Partitions.of(subject, PARTITIONS);
  }

  private static String ofPartition(int partition) {
    return Stream.iterate(0, i -> i + 1)
        .map("subject-%02d"::formatted)
        .filter(subject -> partition(subject) == partition)
        .findFirst()
        .orElseThrow();
  }

  private static boolean waits(SimpleMeterRegistry meters) {
    return meters.get("tidemill.curator.erasure.oldest.waiting").gauge().value() > 0
        && meters.get("tidemill.curator.erasures.waiting").gauge().value() > 0;
  }

  private static double count(SimpleMeterRegistry meters, String outcome) {
    return meters.get("tidemill.curator.erasures").tag("outcome", outcome).counter().count();
  }

  /// Which partitions of the erasures each eraser has.
  private Map<String, Set<Integer>> shares() throws Exception {
    try (Admin admin = clients.admin()) {
      ConsumerGroupDescription group =
          Objects.requireNonNull(
              admin.describeConsumerGroups(List.of(Eraser.GROUP)).all().get().get(Eraser.GROUP));
      Map<String, Set<Integer>> shares = new HashMap<>();
      for (MemberDescription member : group.members()) {
        shares.put(
            member.clientId().substring(0, 1),
            member.assignment().topicPartitions().stream()
                .map(TopicPartition::partition)
                .collect(Collectors.toSet()));
      }
      return shares;
    }
  }

  private List<AppliedErasure> statements() {
    return new TopicReader(clients)
        .readAll(Topics.APPLIED_ERASURES).stream()
            .map(TopicRecord::value)
            .map(Objects::requireNonNull)
            .toList();
  }

  private SourcePosition place(String subject) {
    return new TopicReader(clients)
        .readAll(Topics.CURATED_DOCUMENTS).stream()
            .filter(record -> subject.equals(Objects.requireNonNull(record.value()).getSubject()))
            .map(record -> new SourcePosition(record.topic(), record.partition(), record.offset()))
            .findFirst()
            .orElseThrow();
  }

  /// Subjects of the documents that no tombstone has taken away, raw or curated.
  private Set<String> present() {
    Set<String> present = new TreeSet<>();
    present.addAll(present(Topics.DOCUMENTS, Document::getSubject));
    present.addAll(present(Topics.CURATED_DOCUMENTS, CuratedDocument::getSubject));
    return present;
  }

  private <T extends SpecificRecord> Collection<String> present(
      Topic<T> topic, Function<T, @Nullable String> subject) {
    Map<String, String> newest = new HashMap<>();
    for (TopicRecord<T> record : new TopicReader(clients).readAll(topic)) {
      @Nullable T value = record.value();
      String key = record.partition() + "/" + record.key();
      if (value == null) {
        newest.remove(key);
      } else {
        newest.put(key, String.valueOf(subject.apply(value)));
      }
    }
    return newest.values();
  }

  /// Those of open transactions too.
  private int tombstonesInTheLog() {
    AtomicInteger tombstones = new AtomicInteger();
    try (Admin admin = clients.admin();
        Consumer<String, byte[]> reader = clients.uncommittedReader("look")) {
      new WholeTopics(reader, LIMIT)
          .visitLogs(
              admin,
              List.of(Topics.DOCUMENTS.name(), Topics.CURATED_DOCUMENTS.name()),
              record -> {
                if (record.value() == null) {
                  tombstones.incrementAndGet();
                }
              });
    }
    return tombstones.get();
  }
}
