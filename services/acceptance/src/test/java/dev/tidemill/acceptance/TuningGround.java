package dev.tidemill.acceptance;

import dev.tidemill.broker.KafkaForTests;
import dev.tidemill.events.Candidate;
import dev.tidemill.events.Example;
import dev.tidemill.events.Holdout;
import dev.tidemill.events.Message;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.events.Route;
import dev.tidemill.events.Sft;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.tokenizer.BpeTrainer;
import dev.tidemill.model.tokenizer.Tokenizer;
import dev.tidemill.platform.artifact.DirectoryArtifactStore;
import dev.tidemill.platform.artifact.Manifest;
import dev.tidemill.platform.artifact.ManifestDraft;
import dev.tidemill.platform.artifact.SigningKeys;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicReader;
import dev.tidemill.platform.kafka.TopicRecord;
import dev.tidemill.platform.kafka.TopicWriter;
import dev.tidemill.platform.window.LineageAudit;
import dev.tidemill.schemas.ReleaseId;
import dev.tidemill.schemas.Sha256;
import dev.tidemill.schemas.Topics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.Producer;
import org.jspecify.annotations.Nullable;

/// What a tuner needs to live: a Kafka with topics, a signed base that is live for a task, and
/// examples. Only the tuner is missing.
final class TuningGround implements AutoCloseable {
  static final String TASK = "support";
  static final String LINEAGE = "tuner/" + TASK;

  private static final String PRODUCER = "acceptance";

  private final KafkaForTests kafka = KafkaForTests.start();
  private final KafkaClients clients = kafka.freshTopics().clients(PRODUCER);
  private final DirectoryArtifactStore artifacts;
  private final Path storeFolder;
  private final SigningKeys.KeyFiles keys;
  private final String base;
  private int examples;

  /// A ground whose route is there already, as a registry would have written it.
  TuningGround(Path folder) throws IOException {
    this(folder, true);
  }

  /// @param routed whether the base is live; else a registry has to hear of it
  TuningGround(Path folder, boolean routed) throws IOException {
    storeFolder = folder.resolve("artifacts");
    keys = SigningKeys.generate(folder.resolve("keys"));
    KeyPair pair = SigningKeys.loadPair(keys.signingKey());
    artifacts = new DirectoryArtifactStore(storeFolder, pair, List.of(pair.getPublic()));
    base = publishBase(Files.createDirectories(folder.resolve("base")));
    try (Producer<String, byte[]> producer = clients.producer(PRODUCER)) {
      Route route =
          Route.newBuilder()
              .setTask(TASK)
              .setEpoch(1)
              .setLive(new ReleaseTarget(ReleaseId.of(TASK, base, null), base, null))
              .setUpdatedAt(Instant.now())
              .build();
      if (routed) {
        clients.writer(producer, Topics.ROUTES).send(TASK, route).join();
      }
      TopicWriter<Holdout> holdout = clients.writer(producer, Topics.HOLDOUT);
      IntStream.range(0, 8)
          .mapToObj(i -> example("held-out-%04d".formatted(i)))
          .map(example -> holdout.send(example.getKey(), new Holdout(example.getKey(), example)))
          .toList()
          .forEach(CompletableFuture::join);
    }
  }

  String bootstrapServers() {
    return kafka.bootstrapServers();
  }

  /// The sections that every service reads, as YAML.
  String sharedSettings() {
    return """
    kafka:
      bootstrap_servers: %s
    artifacts:
      directory: %s
      signing_key: %s
      trusted_keys: [%s]
    """
        .formatted(bootstrapServers(), storeFolder, keys.signingKey(), keys.trustedKey());
  }

  /// Adds examples for the task, each with an id of its own.
  void addExamples(int count) {
    try (Producer<String, byte[]> producer = clients.producer(PRODUCER)) {
      TopicWriter<Example> writer = clients.writer(producer, Topics.EXAMPLES);
      List<CompletableFuture<?>> sent = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        Example example = example("example-%04d".formatted(examples++));
        sent.add(writer.sendBeside(TASK, example.getId(), example));
      }
      sent.forEach(CompletableFuture::join);
    }
  }

  /// Examples added so far.
  int examples() {
    return examples;
  }

  /// What the tuner has published, in the order of publication.
  List<Candidate> candidates() {
    return new TopicReader(clients)
        .readAll(Topics.CANDIDATES).stream()
            .map(TuningGround::value)
            .filter(candidate -> isOfTheLine(candidate.getLineage()))
            .toList();
  }

  /// The tuner's account, the manifests of its artifacts included.
  LineageAudit.Account audit() {
    return LineageAudit.run(clients, artifacts).accounts().stream()
        .filter(account -> isOfTheLine(account.lineage()))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no account of " + LINEAGE));
  }

  KafkaClients clients() {
    return clients;
  }

  /// Digest of the base.
  String base() {
    return base;
  }

  DirectoryArtifactStore artifacts() {
    return artifacts;
  }

  /// In any generation.
  private static boolean isOfTheLine(String lineage) {
    return lineage.equals(LINEAGE) || lineage.startsWith(LINEAGE + "~");
  }

  @Override
  public void close() {
    kafka.close();
  }

  private String publishBase(Path folder) throws IOException {
    List<String> texts =
        IntStream.range(0, 50).mapToObj(i -> question("sample-" + i) + " " + answer(i)).toList();
    Path tokenizer = folder.resolve("tokenizer.json");
    BpeTrainer.train(texts, 320, BpeTrainer.CHAT_TOKENS, tokenizer);
    BpeTrainer.writeConfig(folder.resolve("tokenizer_config.json"));
    int vocabulary;
    try (Tokenizer trained = Tokenizer.load(folder)) {
      vocabulary = trained.size();
    }
    DecoderConfig config =
        new DecoderConfig(vocabulary, 64, 128, 2, 4, 2, 16, 1e-5, 10_000, 128, true, 1, 4);
    Path model = Files.createDirectories(folder.resolve("model"));
    BaseModel.initialise(model, config, tokenizer, 7);
    return artifacts.publish(
        model,
        new ManifestDraft(
            PRODUCER,
            Manifest.Kind.BASE,
            "pretrainer/" + PRODUCER,
            1,
            null,
            null,
            null,
            List.of(),
            "sha256:" + Sha256.hex(new byte[0]),
            0,
            Map.of(),
            Map.of(),
            "test",
            Instant.now()));
  }

  private static Example example(String id) {
    int number = Integer.parseInt(id.substring(id.lastIndexOf('-') + 1));
    List<Message> prompt = List.of(new Message("user", question(id)));
    return Example.newBuilder()
        .setId(id)
        .setKey(Sha256.hex(id.getBytes(StandardCharsets.UTF_8)))
        .setTask(TASK)
        .setTraining(new Sft(prompt, answer(number)))
        .setWeight(1)
        .setProducer(PRODUCER)
        .setOrigins(List.of())
        .setEventTime(Instant.now())
        .setCuratedAt(Instant.now())
        .build();
  }

  private static String question(String id) {
    return "what is the tide at " + id + "?";
  }

  private static String answer(int number) {
    return number % 2 == 0 ? "high, and the mill turns" : "low, and the mill stands";
  }

  private static Candidate value(TopicRecord<Candidate> record) {
    @Nullable Candidate candidate = record.value();
    return Objects.requireNonNull(candidate, "a candidate without a value");
  }
}
