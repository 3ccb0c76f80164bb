package dev.tidemill.tuner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.broker.KafkaForTests;
import dev.tidemill.events.Candidate;
import dev.tidemill.events.Example;
import dev.tidemill.events.GateCheck;
import dev.tidemill.events.Holdout;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.events.Route;
import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.Initialisation;
import dev.tidemill.model.LoraConfig;
import dev.tidemill.model.tokenizer.BpeTrainer;
import dev.tidemill.model.tokenizer.Tokenizer;
import dev.tidemill.platform.ServiceContext;
import dev.tidemill.platform.artifact.ArtifactStore;
import dev.tidemill.platform.artifact.DirectoryArtifactStore;
import dev.tidemill.platform.artifact.Manifest;
import dev.tidemill.platform.artifact.ManifestDraft;
import dev.tidemill.platform.artifact.SigningKeys;
import dev.tidemill.platform.artifact.VerifiedArtifact;
import dev.tidemill.platform.config.Settings;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicReader;
import dev.tidemill.platform.kafka.TopicRecord;
import dev.tidemill.platform.kafka.TopicWriter;
import dev.tidemill.platform.window.LineageAudit;
import dev.tidemill.schemas.ReleaseId;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.Topics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.Producer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The whole tuner on a real Kafka with a decoder small enough to train in a second.
class TunerServiceTest {
  private static final Instant NOW = Instant.parse("2026-11-21T00:00:00Z");
  private static final int IN_A_WINDOW = 8;

  @TempDir Path folder = Path.of("");
  private final KafkaForTests kafka = KafkaForTests.shared();
  private final KafkaClients clients = kafka.clients("tuner-test");
  private final Health health = new Health();
  private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
  private ArtifactStore artifacts = new DirectoryArtifactStore(Path.of(""), null, List.of());

  @BeforeEach
  void emptyKafka() {
    kafka.freshTopics();
    var keys = SigningKeys.generate(folder.resolve("keys"));
    artifacts =
        new DirectoryArtifactStore(
            folder.resolve("artifacts"),
            SigningKeys.loadPair(keys.signingKey()),
            List.of(SigningKeys.loadPublic(keys.trustedKey())));
  }

  @Test
  void windowBecomesASignedAdapterThatIsBetterAndTheNextGoesOnFromThere() throws Exception {
    String base = publishBase();
    holdOut(4);
    try (TunerService tuner = tuner(0.01)) {
      tuner.start();
      examples(0, IN_A_WINDOW);
      Awaitility.await()
          .untilAsserted(
              () -> assertThat(health.ready().checks()).anyMatch(c -> reason(c).contains("live")));
      route(base, null);
      Candidate first = awaitCandidates(1).getFirst();

      VerifiedArtifact artifact = artifacts.open(first.getArtifact());
      assertThat(artifact.manifest().base()).isEqualTo(base);
      assertThat(artifact.manifest().examples()).isEqualTo(IN_A_WINDOW);
      assertThat(artifact.manifest().metrics().get("loss_last"))
          .isLessThan(artifact.manifest().metrics().get("loss_first"));
      try (BaseModel model = BaseModel.load(artifacts.open(base).folder());
          Adapter adapter = Adapter.load(artifact.folder(), model.config())) {
        assertThat(adapter.method())
            .isInstanceOfSatisfying(LoraConfig.class, lora -> assertThat(lora.rank()).isEqualTo(4));
      }
      GateCheck heldout = check(first, "heldout_loss");
      assertThat(heldout.getValue()).isLessThan(heldout.getBaseline());
      assertThat(first.getGate().getPassed()).as("%s", first.getGate()).isTrue();
      assertThat(first.getGate().getAgainst()).isEqualTo(ReleaseId.of("support", base, null));
    }

    try (TunerService restarted = tuner(0.01)) {
      restarted.start();
      examples(IN_A_WINDOW, 2 * IN_A_WINDOW);
      Candidate second = awaitCandidates(2).getLast();
      assertThat(second.getId()).isEqualTo("tuner/support#2");
      assertThat(artifacts.open(second.getArtifact()).manifest().metrics().get("examples_replayed"))
          .isEqualTo(IN_A_WINDOW);
    }
    LineageAudit.Report audit = LineageAudit.run(clients, artifacts);
    assertThat(audit.balances()).as("%s", audit).isTrue();
    assertThat(audit.pending()).isZero();
  }

  @Test
  void sabotagedTrainingOfTheLiveAdapterIsPublishedButDoesNotPass() throws Exception {
    String base = publishBase();
    route(base, null);
    holdOut(4);
    String live;
    try (TunerService tuner = tuner(0.01)) {
      tuner.start();
      examples(0, IN_A_WINDOW);
      live = awaitCandidates(1).getFirst().getArtifact();
    }
    route(base, live);

    try (TunerService sabotaged = tuner(10)) {
      sabotaged.start();
      examples(IN_A_WINDOW, 2 * IN_A_WINDOW);
      Candidate candidate = awaitCandidates(2).getLast();

      assertThat(candidate.getParent()).isEqualTo(live);
      assertThat(check(candidate, "heldout_loss").getPassed()).isFalse();
      assertThat(candidate.getGate().getPassed()).as("%s", candidate.getGate()).isFalse();
      assertThat(candidate.getExamples()).isEqualTo(IN_A_WINDOW);
    }
    assertThat(LineageAudit.run(clients, artifacts).balances()).isTrue();
  }

  /// The task has a method of its own, and ratings train by KTO; when the method changes, the next
  /// window starts afresh with the other.
  @Test
  void methodAndObjectiveAreChosenForATask() throws Exception {
    String base = publishBase();
    route(base, null);
    holdOut(4);
    Map<String, String> prompt =
        Map.of(
            "TIDEMILL_TUNER__METHODS__SUPPORT__KIND", "prompt",
            "TIDEMILL_TUNER__METHODS__SUPPORT__VIRTUAL_TOKENS", "6",
            "TIDEMILL_TUNER__METHODS__SUPPORT__LEARNING_RATE", "0.05",
            "TIDEMILL_TUNER__TRAINING__RATINGS", "kto",
            "TIDEMILL_TUNER__TRAINING__PREFERENCE_LEARNING_RATE", "0.01");
    String live;
    try (TunerService tuner = tuner(0.01, prompt)) {
      tuner.start();
      ratings(4);
      examples(0, IN_A_WINDOW);
      live = awaitCandidates(1).getFirst().getArtifact();
    }
    Manifest manifest = artifacts.open(live).manifest();
    assertThat(manifest.config()).containsEntry("method", "PROMPT_TUNING");
    assertThat((List<?>) manifest.config().get("nearest_words")).hasSize(6);
    assertThat(manifest.metrics()).containsEntry("ratings_trained", 4.0);
    assertThat(manifest.metrics().get("loss_first"))
        .isGreaterThan(manifest.metrics().get("loss_last"));
    route(base, live);

    Map<String, String> biases = Map.of("TIDEMILL_TUNER__METHOD__KIND", "bitfit");
    try (TunerService tuner = tuner(0.01, biases)) {
      tuner.start();
      examples(IN_A_WINDOW, 2 * IN_A_WINDOW);
      Candidate second = awaitCandidates(2).getLast();
      assertThat(second.getParent()).isEqualTo(live);
      assertThat(artifacts.open(second.getArtifact()).manifest().config())
          .containsEntry("method", "TIDEMILL_BITFIT");
    }
    assertThat(LineageAudit.run(clients, artifacts).balances()).isTrue();
  }

  private void ratings(int count) {
    try (Producer<String, byte[]> producer = clients.producer("send")) {
      TopicWriter<Example> writer = clients.writer(producer, Topics.EXAMPLES);
      for (int i = 0; i < count; i++) {
        Example rated =
            Examples.rated("r" + i, "support", question(50 + i), answer(50 + i), i % 2 == 0);
        writer.sendBeside("support", rated.getId(), rated).join();
      }
    }
  }

  private TunerService tuner(double learningRate) {
    return tuner(learningRate, Map.of());
  }

  private TunerService tuner(double learningRate, Map<String, String> more) {
    Map<String, String> settings = new HashMap<>(more);
    settings.putAll(
        Map.of(
            "TIDEMILL_TUNER__TASKS", "support",
            "TIDEMILL_TUNER__STATE_DIRECTORY", folder.resolve("state").toString(),
            "TIDEMILL_TUNER__THREADS", "1",
            "TIDEMILL_TUNER__WINDOW__MAX_RECORDS", Integer.toString(IN_A_WINDOW),
            "TIDEMILL_TUNER__WINDOW__IDLE", "1h",
            "TIDEMILL_TUNER__WINDOW__MAX_AGE", "1h",
            "TIDEMILL_TUNER__LORA__RANK", "4",
            "TIDEMILL_TUNER__TRAINING__LEARNING_RATE", Double.toString(learningRate)));
    return new TunerService(
        new ServiceContext("tuner", clients, metrics, artifacts, health, InstantSource.fixed(NOW)),
        Settings.load(null, settings).section("tuner", TunerConfig.class));
  }

  private String publishBase() throws Exception {
    Path work = Files.createDirectories(folder.resolve("base"));
    Path tokenizerJson = work.resolve("tokenizer.json");
    List<String> texts =
        IntStream.range(0, 40).mapToObj(i -> question(i) + " " + answer(i)).toList();
    BpeTrainer.train(texts, 300, BpeTrainer.CHAT_TOKENS, tokenizerJson);
    try (Tokenizer tokenizer = Tokenizer.load(work)) {
      BaseModel.initialise(
          work,
          new DecoderConfig(
              tokenizer.size(),
              32,
              64,
              1,
              2,
              2,
              16,
              1e-5,
              10_000,
              128,
              true,
              tokenizer.tokenId("<|bos|>").orElseThrow(),
              tokenizer.tokenId("<|end|>").orElseThrow()),
          tokenizerJson,
          new Initialisation(0.15, 0.1, true),
          1);
    }
    return artifacts.publish(
        work,
        new ManifestDraft(
            "tiny",
            Manifest.Kind.BASE,
            "pretrainer/tiny",
            1,
            null,
            null,
            null,
            List.of(),
            "sha256:none",
            0,
            Map.of(),
            Map.of(),
            "test",
            NOW));
  }

  private void route(String base, @Nullable String adapter) {
    String release = ReleaseId.of("support", base, adapter);
    send(
        Topics.ROUTES,
        "support",
        Route.newBuilder()
            .setTask("support")
            .setEpoch(1)
            .setLive(new ReleaseTarget(release, base, adapter))
            .setUpdatedAt(NOW)
            .build());
  }

  private void examples(int from, int to) {
    try (Producer<String, byte[]> producer = clients.producer("send")) {
      TopicWriter<Example> writer = clients.writer(producer, Topics.EXAMPLES);
      for (int i = from; i < to; i++) {
        Example example = Examples.sft("e" + i, "support", question(i), answer(i));
        writer.sendBeside("support", example.getId(), example).join();
      }
    }
  }

  private void holdOut(int count) {
    for (int i = 100; i < 100 + count; i++) {
      Example example = Examples.sft("h" + i, "support", question(i), answer(i));
      send(Topics.HOLDOUT, example.getKey(), new Holdout(example.getKey(), example));
    }
  }

  private <T extends SpecificRecord> void send(Topic<T> topic, String key, T value) {
    try (Producer<String, byte[]> producer = clients.producer("send")) {
      clients.writer(producer, topic).send(key, value).join();
    }
  }

  private List<Candidate> awaitCandidates(int count) {
    return Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () ->
                new TopicReader(clients)
                    .readAll(Topics.CANDIDATES).stream()
                        .map(TopicRecord::value)
                        .map(Objects::requireNonNull)
                        .toList(),
            found -> found.size() >= count);
  }

  private static GateCheck check(Candidate candidate, String name) {
    return candidate.getGate().getChecks().stream()
        .filter(check -> check.getName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static String reason(Health.Check check) {
    return String.valueOf(check.reason());
  }

  private static String question(int i) {
    return "what is the default of setting " + i + "?";
  }

  private static String answer(int i) {
    return "the default is " + i % 3;
  }
}
