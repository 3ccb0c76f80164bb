package dev.tidemill.benchmarks.scenario.serving;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.ChatMessage;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.LoraConfig;
import dev.tidemill.model.generate.Generator;
import dev.tidemill.model.generate.SamplingParameters;
import dev.tidemill.model.tokenizer.BpeTrainer;
import dev.tidemill.model.tokenizer.Tokenizer;
import dev.tidemill.platform.artifact.DirectoryArtifactStore;
import dev.tidemill.platform.artifact.Manifest;
import dev.tidemill.platform.artifact.ManifestDraft;
import dev.tidemill.platform.artifact.SigningKeys;
import dev.tidemill.platform.http.Json;
import dev.tidemill.schemas.ReleaseId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// A signed store of random bases and adapters whose answers differ, and what each of them answers
/// when it decodes alone.
public final class Releases {
  private static final String WEIGHTS = "adapter_model.safetensors";
  private static final double SPREAD = 0.3;

  private final Path work;
  private final Path storeFolder;
  private final SigningKeys.KeyFiles keys;
  private final DirectoryArtifactStore store;
  private final Path tokenizer;
  private final DecoderConfig config;
  private final Path adapterFolder;
  private final byte[] adapterTemplate;
  private final String adapterConfig;
  private int published;

  /// @param texts that the tokenizer learns its vocabulary from
  public Releases(Path work, Shape shape, List<String> texts) throws IOException {
    this.work = work;
    storeFolder = work.resolve("artifacts");
    keys = SigningKeys.generate(work.resolve("keys"));
    KeyPair pair = SigningKeys.loadPair(keys.signingKey());
    store = new DirectoryArtifactStore(storeFolder, pair, List.of(pair.getPublic()));
    Path folder = Files.createDirectories(work.resolve("tokenizer"));
    tokenizer = folder.resolve("tokenizer.json");
    BpeTrainer.train(texts, shape.vocabulary(), BpeTrainer.CHAT_TOKENS, tokenizer);
    try (Tokenizer trained = Tokenizer.load(folder)) {
      config = shape.config(trained.size());
    }
    adapterFolder = work.resolve("adapter");
    try (Adapter fresh =
        Adapter.initialise(
            LoraConfig.allLinears(shape.rank(), 2.0 * shape.rank()).on(config), config, 7)) {
      fresh.save(adapterFolder);
    }
    adapterTemplate = Files.readAllBytes(adapterFolder.resolve(WEIGHTS));
    adapterConfig = Files.readString(adapterFolder.resolve("adapter_config.json"));
  }

  /// What a service reads of it, as YAML.
  public String settings() {
    return "artifacts: {directory: %s, trusted_keys: [%s]}%n"
        .formatted(storeFolder, keys.trustedKey());
  }

  /// Publishes a random base and returns its digest.
  public String base(long seed) throws IOException {
    Path folder = Files.createDirectories(work.resolve("base-" + seed));
    BaseModel.initialise(folder, config, tokenizer, seed);
    return store.publish(folder, draft(Manifest.Kind.BASE, null));
  }

  /// Publishes an adapter with random B matrices and returns its digest.
  public String adapter(String base, long seed) throws IOException {
    Files.write(adapterFolder.resolve(WEIGHTS), withRandomB(adapterTemplate, seed));
    Files.writeString(adapterFolder.resolve("adapter_config.json"), adapterConfig);
    return store.publish(adapterFolder, draft(Manifest.Kind.ADAPTER, base));
  }

  public static ReleaseTarget target(String task, String base, @Nullable String adapter) {
    return new ReleaseTarget(ReleaseId.of(task, base, adapter), base, adapter);
  }

  /// Where an artifact lies.
  public Path folderOf(String digest) {
    return storeFolder.resolve("sha256").resolve(digest.substring("sha256:".length()));
  }

  /// The greedy answers of releases, each decoded alone: by release, then by question.
  ///
  /// @param asked the questions that each is asked
  public Map<String, Map<String, String>> answers(
      Map<ReleaseTarget, ? extends Collection<String>> asked, int tokens) {
    Map<String, Map<ReleaseTarget, Collection<String>>> byBase = new TreeMap<>();
    asked.forEach(
        (target, questions) ->
            byBase
                .computeIfAbsent(target.getBase(), base -> new LinkedHashMap<>())
                .put(target, questions));
    Map<String, Map<String, String>> answers = new LinkedHashMap<>();
    byBase.forEach(
        (digest, targets) -> {
          try (BaseModel base = BaseModel.load(folderOf(digest));
              Generator generator = new Generator(base)) {
            targets.forEach(
                (target, questions) ->
                    answers.put(
                        target.getRelease(), answers(generator, target, questions, tokens)));
          }
        });
    return answers;
  }

  private Map<String, String> answers(
      Generator generator, ReleaseTarget target, Collection<String> questions, int tokens) {
    @Nullable String digest = target.getAdapter();
    if (digest == null) {
      return answers(generator, (Adapter) null, questions, tokens);
    }
    try (Adapter adapter = Adapter.load(folderOf(digest), generator.base().config())) {
      return answers(generator, adapter, questions, tokens);
    }
  }

  private static Map<String, String> answers(
      Generator generator, @Nullable Adapter adapter, Collection<String> questions, int tokens) {
    Map<String, String> answers = new LinkedHashMap<>();
    for (String question : questions) {
      answers.put(
          question,
          generator.generate(
              List.of(ChatMessage.user(question)), adapter, SamplingParameters.greedy(tokens)));
    }
    return answers;
  }

  private static byte[] withRandomB(byte[] template, long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    ByteBuffer bytes = ByteBuffer.wrap(template.clone()).order(ByteOrder.LITTLE_ENDIAN);
    int header = (int) bytes.getLong(0);
    byte[] json = new byte[header];
    bytes.get(Long.BYTES, json);
    for (Map.Entry<String, JsonNode> tensor : Json.mapper().readTree(json).properties()) {
      if (tensor.getKey().contains("lora_B")) {
        int from = Long.BYTES + header + tensor.getValue().at("/data_offsets/0").asInt();
        int to = Long.BYTES + header + tensor.getValue().at("/data_offsets/1").asInt();
        for (int at = from; at < to; at += Float.BYTES) {
          bytes.putFloat(at, (float) ((random.nextDouble() * 2 - 1) * SPREAD));
        }
      }
    }
    return bytes.array();
  }

  private ManifestDraft draft(Manifest.Kind kind, @Nullable String base) {
    published++;
    return new ManifestDraft(
        "scenario-" + published,
        kind,
        "scenario",
        published,
        base == null ? null : "scenario",
        base,
        null,
        List.of(),
        "none",
        0,
        Map.of(),
        Map.of(),
        "scenario",
        Instant.parse("2026-01-01T00:00:00Z"));
  }
}
