package dev.tidemill.pretrainer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.broker.KafkaForTests;
import dev.tidemill.events.Candidate;
import dev.tidemill.events.CuratedDocument;
import dev.tidemill.events.Example;
import dev.tidemill.events.Holdout;
import dev.tidemill.events.Message;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.events.Route;
import dev.tidemill.events.Sft;
import dev.tidemill.events.SourcePosition;
import dev.tidemill.platform.ServiceContext;
import dev.tidemill.platform.artifact.ArtifactStore;
import dev.tidemill.platform.artifact.DirectoryArtifactStore;
import dev.tidemill.platform.artifact.SigningKeys;
import dev.tidemill.platform.config.Settings;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicReader;
import dev.tidemill.platform.kafka.TopicRecord;
import dev.tidemill.platform.window.CrashPoints;
import dev.tidemill.platform.window.LineageAudit;
import dev.tidemill.schemas.ReleaseId;
import dev.tidemill.schemas.Sha256;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.Topics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.Producer;
import org.awaitility.Awaitility;

/// An empty Kafka, an artifact store and settings of a decoder so small that a window trains in a
/// second; the pretrainer is started and stopped in it.
final class World {
  static final String TASK = "support";
  static final int WINDOW = 24;

  private static final Instant HAPPENED = Instant.parse("2026-11-20T23:59:00Z");
  private static final Instant NOW = Instant.parse("2026-11-21T00:00:00Z");
  private static final List<String> PLACES = List.of("quay", "weir", "mill", "ford", "lock");

  private final Path folder;
  private final KafkaForTests kafka = KafkaForTests.shared().freshTopics();
  private final KafkaClients clients = kafka.clients("world");
  private final ArtifactStore artifacts;

  World(Path folder) {
    this.folder = folder;
    SigningKeys.KeyFiles keys = SigningKeys.generate(folder.resolve("keys"));
    KeyPair pair = SigningKeys.loadPair(keys.signingKey());
    artifacts =
        new DirectoryArtifactStore(folder.resolve("artifacts"), pair, List.of(pair.getPublic()));
  }

  /// A pretrainer that runs.
  ///
  /// @param registry its metrics
  record Running(PretrainerService service, Health health, SimpleMeterRegistry registry)
      implements AutoCloseable {
    /// The value of a gauge of the lineage.
    double gauge(String name) {
      return registry.get(name).gauge().value();
    }

    @Override
    public void close() {
      service.close();
    }
  }

  /// Starts a pretrainer with more settings of its section.
  Running start(String more) {
    return start(more, CrashPoints.none());
  }

  Running start(String more, CrashPoints crash) {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    Health health = new Health();
    PretrainerService service =
        new PretrainerService(
            new ServiceContext(
                "pretrainer",
                kafka.clients("pretrainer"),
                registry,
                artifacts,
                health,
                InstantSource.fixed(NOW)),
            config(more),
            crash);
    service.start();
    return new Running(service, health, registry);
  }

  /// Waits until as many candidates are published.
  List<Candidate> awaitCandidates(Running running, int count) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(100))
        .failFast("the pretrainer has failed", () -> running.health().firstFailure().isDone())
        .until(() -> candidates().size() >= count);
    return candidates();
  }

  List<Candidate> candidates() {
    return new TopicReader(clients)
        .readAll(Topics.CANDIDATES).stream()
            .map(TopicRecord::value)
            .map(Objects::requireNonNull)
            .toList();
  }

  LineageAudit.Account audit() {
    LineageAudit.Report report = LineageAudit.run(clients, artifacts);
    assertThat(report.accounts()).hasSize(1);
    return report.accounts().getFirst();
  }

  ArtifactStore artifacts() {
    return artifacts;
  }

  Path state() {
    return folder.resolve("state");
  }

  /// Sends the documents of one window.
  ///
  /// @param kind what they are about: `tide` or `wind`
  void sendWindow(String kind) {
    send(Topics.CURATED_DOCUMENTS, documentsOfWindow(kind), CuratedDocument::getId);
  }

  /// The same; the last document is a new text for the key of the first.
  void sendWindowWithRevision(String kind) {
    List<CuratedDocument> documents = new ArrayList<>(documentsOfWindow(kind));
    documents.add(
        CuratedDocument.newBuilder(documents.removeLast())
            .setKey(documents.getFirst().getKey())
            .build());
    send(Topics.CURATED_DOCUMENTS, documents, CuratedDocument::getId);
  }

  private List<CuratedDocument> documentsOfWindow(String kind) {
    int before = new TopicReader(clients).readAll(Topics.CURATED_DOCUMENTS).size();
    return IntStream.range(0, WINDOW).mapToObj(i -> document(kind, before + i)).toList();
  }

  /// Ids of the documents of the n-th window, from 1.
  static List<String> idsOfWindow(int n) {
    return IntStream.range((n - 1) * WINDOW, n * WINDOW).mapToObj(i -> "document-" + i).toList();
  }

  /// Holds out documents of both kinds, and answers.
  void holdOut() {
    List<Holdout> items =
        IntStream.range(0, 8)
            .mapToObj(i -> document(i % 2 == 0 ? "tide" : "wind", 1000 + i))
            .map(document -> new Holdout(document.getKey(), document))
            .toList();
    send(Topics.HOLDOUT, items, Holdout::getKey);
    List<Holdout> answers =
        IntStream.range(0, 6).mapToObj(i -> new Holdout("answer-" + i, answer(i))).toList();
    send(Topics.HOLDOUT, answers, Holdout::getKey);
  }

  /// Makes a base the live release of the task.
  ///
  /// @return the release
  String makeLive(Candidate base) {
    String release = ReleaseId.of(TASK, base.getArtifact(), null);
    Route route =
        Route.newBuilder()
            .setTask(TASK)
            .setEpoch(1)
            .setLive(new ReleaseTarget(release, base.getArtifact(), null))
            .setUpdatedAt(NOW)
            .build();
    send(Topics.ROUTES, List.of(route), Route::getTask);
    return release;
  }

  private <T extends SpecificRecord> void send(
      Topic<T> topic, List<T> records, java.util.function.Function<T, String> key) {
    try (Producer<String, byte[]> producer = clients.producer("send")) {
      var writer = clients.writer(producer, topic);
      List<CompletableFuture<?>> sent =
          records.stream()
              .<CompletableFuture<?>>map(record -> writer.send(key.apply(record), record))
              .toList();
      sent.forEach(CompletableFuture::join);
    }
  }

  private PretrainerConfig config(String more) {
    Path file = folder.resolve("tidemill.yaml");
    String section =
        """
        tasks: [%s]
        state_directory: %s
        threads: 1
        window: {max_records: %d, max_age: 1h, idle: 1h}
        fresh: {vocab_size: 400, hidden_size: 32, layers: 1, heads: 2, max_positions: 64}
        """
            .formatted(TASK, state(), WINDOW);
    try {
      Files.writeString(file, "pretrainer:\n" + (section + more).indent(2));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Settings.load(file, Map.of()).section("pretrainer", PretrainerConfig.class);
  }

  private static CuratedDocument document(String kind, int number) {
    String place = PLACES.get(number % PLACES.size());
    int hour = number % 12 + 1;
    String text =
        kind.equals("tide")
            ? "The tide at the " + place + " turns at " + hour + " and the mill turns with it."
            : "A wind over the " + place + " blows from the west for " + hour + " hours.";
    return CuratedDocument.newBuilder()
        .setId("document-" + number)
        .setKey("key-" + number)
        .setProducer("test")
        .setSource(kind)
        .setText(text)
        .setDigest("sha256:" + Sha256.hex(text.getBytes(StandardCharsets.UTF_8)))
        .setOrigin(new SourcePosition("tidemill.documents", 0, (long) number))
        .setEventTime(HAPPENED)
        .setCuratedAt(HAPPENED)
        .build();
  }

  private static Example answer(int number) {
    return Example.newBuilder()
        .setId("held-out-" + number)
        .setKey("answer-" + number)
        .setTask(TASK)
        .setTraining(
            new Sft(
                List.of(new Message("user", "What turns at the " + PLACES.get(number % 5) + "?")),
                "The tide turns at " + (number + 1)))
        .setWeight(1)
        .setProducer("test")
        .setOrigins(List.of())
        .setEventTime(HAPPENED)
        .setCuratedAt(HAPPENED)
        .build();
  }
}
