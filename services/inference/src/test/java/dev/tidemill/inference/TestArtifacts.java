package dev.tidemill.inference;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tidemill.events.ArtifactKind;
import dev.tidemill.events.Candidate;
import dev.tidemill.events.GateReport;
import dev.tidemill.events.Release;
import dev.tidemill.events.ReleaseState;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.ChatMessage;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.LoraConfig;
import dev.tidemill.model.WeightFormat;
import dev.tidemill.model.generate.Generator;
import dev.tidemill.model.generate.SamplingParameters;
import dev.tidemill.model.tokenizer.BpeTrainer;
import dev.tidemill.platform.artifact.ArtifactStore;
import dev.tidemill.platform.artifact.DirectoryArtifactStore;
import dev.tidemill.platform.artifact.Manifest;
import dev.tidemill.platform.artifact.ManifestDraft;
import dev.tidemill.platform.artifact.SigningKeys;
import dev.tidemill.platform.http.Json;
import dev.tidemill.schemas.ReleaseId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/// A store with tiny random bases and adapters whose answers differ.
public final class TestArtifacts {
  static final int CONTEXT = 160;

  private static final List<String> TEXTS =
      List.of(
          "What is the default of linger.ms for the producer?",
          "The tide turns the mill, and the mill grinds the corn.",
          "A request is answered by one release from first token to last.",
          "How many partitions does the topic have, and who leads them?");

  final Path storeFolder;
  final ArtifactStore store;
  private final Path work;
  private final Path tokenizer;
  private final DirectoryArtifactStore stranger;
  private int count;

  TestArtifacts(Path work) {
    this.work = work;
    this.storeFolder = work.resolve("store");
    this.tokenizer = work.resolve("tokenizer").resolve("tokenizer.json");
    KeyPair ours = SigningKeys.loadPair(SigningKeys.generate(work.resolve("keys")).signingKey());
    KeyPair theirs =
        SigningKeys.loadPair(SigningKeys.generate(work.resolve("other-keys")).signingKey());
    this.store = new DirectoryArtifactStore(storeFolder, ours, List.of(ours.getPublic()));
    this.stranger = new DirectoryArtifactStore(storeFolder, theirs, List.of());
    try {
      Files.createDirectories(tokenizer.getParent());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    BpeTrainer.train(TEXTS, 300, BpeTrainer.CHAT_TOKENS, tokenizer);
  }

  static DecoderConfig config(int vocabulary) {
    return new DecoderConfig(vocabulary, 32, 64, 2, 4, 2, 8, 1e-5, 10_000, CONTEXT, false, 1, 4);
  }

  DecoderConfig config() {
    try {
      JsonNode json = Json.mapper().readTree(tokenizer.toFile());
      int vocabulary = json.at("/model/vocab").size() + json.at("/added_tokens").size();
      return config(vocabulary);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The token that ends an answer, as `logit_bias` names it: random weights may draw it any time.
  String end() {
    return Integer.toString(config().eosTokenId());
  }

  /// Publishes a random base and returns its digest.
  String base(long seed) {
    Path folder = folder("base");
    BaseModel.initialise(folder, config(), tokenizer, seed);
    return store.publish(folder, draft(Manifest.Kind.BASE, null));
  }

  /// Publishes an adapter with random B matrices and returns its digest.
  String adapter(String base, long seed) {
    Random random = new Random(seed);
    return adapter(base, () -> random.nextGaussian() * 0.5);
  }

  String adapter(String base, DoubleSupplier values) {
    return store.publish(adapterFolder(values), draft(Manifest.Kind.ADAPTER, base));
  }

  /// Publishes the adapter in a folder and returns its digest.
  String publish(String base, Path adapter) {
    return store.publish(adapter, draft(Manifest.Kind.ADAPTER, base));
  }

  /// Publishes an adapter under a key that nobody trusts.
  String adapterOfStranger(String base, long seed) {
    Random random = new Random(seed);
    return stranger.publish(
        adapterFolder(random::nextGaussian), draft(Manifest.Kind.ADAPTER, base));
  }

  /// Where a published artifact lies.
  Path folderOf(String digest) {
    return storeFolder.resolve("sha256").resolve(digest.substring("sha256:".length()));
  }

  static ReleaseTarget target(String task, String base, @Nullable String adapter) {
    return new ReleaseTarget(ReleaseId.of(task, base, adapter), base, adapter);
  }

  /// What the registry writes of a release.
  public static Release release(String task, ReleaseTarget target, ReleaseState state) {
    @Nullable String adapter = target.getAdapter();
    Instant at = Instant.parse("2026-01-01T00:00:00Z");
    Candidate candidate =
        Candidate.newBuilder()
            .setId("tuner/" + task + "#1")
            .setKind(adapter == null ? ArtifactKind.BASE : ArtifactKind.ADAPTER)
            .setArtifact(adapter == null ? target.getBase() : adapter)
            .setBase(target.getBase())
            .setTasks(List.of(task))
            .setLineage("tuner/" + task)
            .setSequence(1)
            .setWindows(List.of())
            .setExamples(0)
            .setGate(new GateReport(true, null, List.of()))
            .setTrainer("test")
            .setCodeVersion("test")
            .setEventTime(at)
            .build();
    return new Release(
        target.getRelease(),
        task,
        target.getBase(),
        adapter,
        state,
        "test",
        candidate,
        List.of(),
        at);
  }

  /// Memory that a published base takes.
  long bytesOfBase(String digest) {
    return BaseModel.bytesToServe(folderOf(digest), WeightFormat.AS_STORED);
  }

  /// Memory that a published adapter takes.
  long bytesOfAdapter(String digest) {
    return Adapter.bytesOf(folderOf(digest), config());
  }

  /// The greedy answer of a release, decoded by it alone.
  String answerOf(ReleaseTarget target, String question, int tokens) {
    @Nullable String digest = target.getAdapter();
    try (BaseModel base = BaseModel.load(folderOf(target.getBase()))) {
      if (digest == null) {
        return answer(base, null, question, tokens);
      }
      try (Adapter adapter = Adapter.load(folderOf(digest), base.config())) {
        return answer(base, adapter, question, tokens);
      }
    }
  }

  /// The greedy answer of a base, with an adapter or without.
  static String answer(BaseModel base, @Nullable Adapter adapter, String question, int tokens) {
    try (Generator generator = new Generator(base)) {
      return generator.generate(
          List.of(ChatMessage.user(question)), adapter, SamplingParameters.greedy(tokens));
    }
  }

  private Path adapterFolder(DoubleSupplier values) {
    Path folder = folder("adapter");
    try (Adapter fresh = Adapter.initialise(LoraConfig.allLinears(4, 8), config(), 7)) {
      fresh.save(folder);
      overwriteB(folder.resolve("adapter_model.safetensors"), values);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return folder;
  }

  private static void overwriteB(Path file, DoubleSupplier values) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    int header = (int) bytes.getLong(0);
    byte[] json = new byte[header];
    bytes.get(8, json);
    for (Map.Entry<String, JsonNode> tensor : Json.mapper().readTree(json).properties()) {
      if (tensor.getKey().contains("lora_B")) {
        int from = 8 + header + tensor.getValue().at("/data_offsets/0").asInt();
        int to = 8 + header + tensor.getValue().at("/data_offsets/1").asInt();
        for (int at = from; at < to; at += Float.BYTES) {
          bytes.putFloat(at, (float) values.getAsDouble());
        }
      }
    }
    Files.write(file, bytes.array());
  }

  private Path folder(String name) {
    try {
      return Files.createDirectories(work.resolve(name + "-" + count++));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private ManifestDraft draft(Manifest.Kind kind, @Nullable String base) {
    return new ManifestDraft(
        "test-" + count,
        kind,
        "test",
        count,
        base == null ? null : "test",
        base,
        null,
        List.of(),
        "none",
        0,
        Map.of(),
        Map.of(),
        "test",
        Instant.parse("2026-01-01T00:00:00Z"));
  }
}
