package dev.tidemill.benchmarks.scenario;

import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.LoraConfig;
import dev.tidemill.model.safetensors.Safetensors;
import dev.tidemill.model.safetensors.Tensor;
import dev.tidemill.model.tokenizer.BpeTrainer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/// Bases of the shapes that are measured, with random weights: what they say is noise, what they
/// cost is not.
final class SpeedShapes {
  private static final int VOCABULARY = 32_000;

  private SpeedShapes() {}

  /// 220 M parameters as Llama has them, or 5 M of the same proportions.
  static DecoderConfig config(boolean quick) {
    return quick
        ? new DecoderConfig(4_000, 256, 832, 4, 4, 2, 64, 1e-5, 10_000, 2048, false, 1, 4)
        : new DecoderConfig(VOCABULARY, 1024, 3328, 12, 16, 4, 64, 1e-5, 10_000, 2048, false, 1, 4);
  }

  /// Writes a base in bf16.
  static Path write(Path folder, boolean quick) throws IOException {
    List<String> texts = new ArrayList<>();
    Corpus corpus = new Corpus(5);
    for (int i = 0; i < 50; i++) {
      texts.add(corpus.document(i).getText());
    }
    Files.createDirectories(folder);
    Path tokenizer = folder.resolve("tokenizer.json");
    BpeTrainer.train(texts, 400, BpeTrainer.CHAT_TOKENS, tokenizer);
    BaseModel.initialise(folder, config(quick), tokenizer, 3);
    Path weights = folder.resolve("model.safetensors");
    Path narrow = folder.resolve("narrow");
    Safetensors.write(narrow, Safetensors.toBf16(Safetensors.read(weights).values()));
    Files.delete(weights);
    Files.move(narrow, weights);
    return folder;
  }

  /// An adapter whose both matrices are random.
  static Adapter adapter(Path folder, LoraConfig lora, DecoderConfig base, long seed) {
    Random random = new Random(seed);
    try (Adapter fresh = Adapter.initialise(lora, base, seed)) {
      List<Tensor> tensors = new ArrayList<>();
      for (Tensor tensor : fresh.tensors()) {
        float[] values = new float[tensor.size()];
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) (random.nextGaussian() * 0.02);
        }
        tensors.add(Tensor.ofFloats(tensor.name(), tensor.shape(), values));
      }
      Adapter.write(folder, fresh.method(), base, tensors);
    }
    return Adapter.load(folder, base);
  }

  /// Bytes of bf16 matrices that one step reads: all but the embedding, of which it reads rows.
  static long bytesOfStep(DecoderConfig config) {
    long width = config.hiddenSize();
    long queries = (long) config.heads() * config.headDim();
    long keys = (long) config.kvHeads() * config.headDim();
    long layer = width * (2 * queries + 2 * keys + 3L * config.intermediateSize());
    return 2 * (config.layers() * layer + width * config.vocabSize());
  }

  static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      files
          .sorted(Comparator.reverseOrder())
          .forEach(
              file -> {
                try {
                  Files.delete(file);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
    }
  }
}
