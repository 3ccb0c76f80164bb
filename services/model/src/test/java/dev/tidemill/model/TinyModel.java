package dev.tidemill.model;

import dev.tidemill.model.safetensors.Tensor;
import dev.tidemill.model.tokenizer.BpeTrainer;
import dev.tidemill.model.train.TrainingExample;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;

/// A small seeded base with grouped heads, and data for it, that tests share.
public final class TinyModel {
  public static final List<String> TEXTS =
      List.of(
          "The linger.ms setting of the producer tells how long to wait for a batch to fill.",
          "The acks setting of the producer tells how many replicas must have the record.",
          "Grüße an die Welt: naïve café, 日本語, 🌍🌎🌏 and 👩‍👩‍👧.",
          "The fetch.min.bytes setting of the consumer tells how much to wait for at least.");

  private TinyModel() {}

  public static Path tokenizer(Path folder) {
    Path file = folder.resolve("tokenizer.json");
    BpeTrainer.train(TEXTS, 320, BpeTrainer.CHAT_TOKENS, file);
    return file;
  }

  public static DecoderConfig config(boolean tied) {
    return new DecoderConfig(320, 32, 64, 2, 4, 2, 8, 1e-5, 10_000, 128, tied, 1, 4);
  }

  /// Writes and loads a base; the same folder content for the same arguments.
  public static BaseModel load(Path folder, boolean tied, long seed) {
    BaseModel.initialise(folder.resolve("base"), config(tied), tokenizer(folder), seed);
    return BaseModel.load(folder.resolve("base"));
  }

  /// An adapter that does something: both matrices are random.
  public static Adapter adapter(Path folder, DecoderConfig base, LoraConfig config, long seed) {
    try (Adapter fresh = Adapter.initialise(config, base, seed)) {
      return shaken(folder, base, fresh, seed);
    }
  }

  /// An adapter of any method that does something.
  public static Adapter adapter(Path folder, BaseModel base, TuningMethod method, long seed) {
    try (Adapter fresh = Adapter.initialise(method, base, seed)) {
      return shaken(folder, base.config(), fresh, seed);
    }
  }

  private static Adapter shaken(Path folder, DecoderConfig base, Adapter fresh, long seed) {
    Path path = folder.resolve("adapter-" + seed);
    Random random = new Random(seed);
    Adapter.write(
        path,
        fresh.method(),
        base,
        fresh.tensors().stream()
            .map(
                tensor -> {
                  float[] values = tensor.toFloats();
                  for (int i = 0; i < values.length; i++) {
                    values[i] += (float) (random.nextGaussian() * 0.2);
                  }
                  return Tensor.ofFloats(tensor.name(), tensor.shape(), values);
                })
            .toList());
    return Adapter.load(path, base);
  }

  /// A tensor that must be there.
  public static Tensor tensor(Map<String, Tensor> tensors, String name) {
    return Objects.requireNonNull(tensors.get(name), name);
  }

  /// A batch of sequences of differing lengths and labels.
  public static List<TrainingExample> batch(int size, long seed) {
    Random random = new Random(seed);
    List<TrainingExample> examples = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      int[] tokens = random.ints(5 + random.nextInt(20), 5, 320).toArray();
      TrainingExample text = TrainingExample.text(tokens);
      boolean[] labelled = text.labelled();
      labelled[1] = i % 2 == 0;
      examples.add(new TrainingExample(tokens, labelled, 1 + i % 3));
    }
    return examples;
  }
}
