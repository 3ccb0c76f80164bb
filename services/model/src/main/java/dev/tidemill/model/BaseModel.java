package dev.tidemill.model;

import dev.tidemill.model.program.DecoderShapes;
import dev.tidemill.model.program.TensorMap;
import dev.tidemill.model.safetensors.Safetensors;
import dev.tidemill.model.safetensors.Tensor;
import dev.tidemill.model.tokenizer.BpeTrainer;
import dev.tidemill.model.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;

/// An immutable base: configuration, tokenizer and weights in native memory. Any number of
/// generators, trainers and evaluators on any threads may use one base at the same time. Whoever
/// decodes with it holds on to it: memory is given back when it is closed and the last user is
/// done.
public final class BaseModel implements AutoCloseable {
  static final String CONFIG = "config.json";

  /// Files beside config and weights that belong to a base as they are.
  private static final List<String> COMPANIONS =
      List.of(
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "generation_config.json",
          "chat_template.jinja");

  private final DecoderConfig config;
  private final GenerationConfig generation;
  private final Tokenizer tokenizer;
  private final SortedMap<String, byte[]> companions;
  private final TensorMap weights;
  private final boolean bf16;
  private final boolean toServe;
  private final AtomicBoolean closed = new AtomicBoolean();

  private BaseModel(
      DecoderConfig config,
      GenerationConfig generation,
      Tokenizer tokenizer,
      SortedMap<String, byte[]> companions,
      TensorMap weights,
      boolean bf16,
      boolean toServe) {
    this.bf16 = bf16;
    this.toServe = toServe;
    this.config = config;
    this.generation = generation;
    this.tokenizer = tokenizer;
    this.companions = companions;
    this.weights = weights;
  }

  /// Loads a Hugging Face folder: `config.json`, `model.safetensors` or its shards,
  /// `tokenizer.json`, `tokenizer_config.json` with its chat template, and
  /// `generation_config.json`.
  ///
  /// Weights are in memory as they are stored ([WeightFormat#AS_STORED]).
  ///
  /// @throws ModelFormatException naming file and key or tensor when the folder cannot be used
  public static BaseModel load(Path folder) {
    return load(folder, WeightFormat.AS_STORED);
  }

  /// The same with weights in memory as told. They are read from the mapped file one after the
  /// other: while that goes on, no more than one of them is held twice.
  ///
  /// @throws ModelFormatException naming file and key or tensor when the folder cannot be used
  public static BaseModel load(Path folder, WeightFormat format) {
    if (format == WeightFormat.INT8) {
      throw new IllegalArgumentException("Weights of format INT8 are for serving alone.");
    }
    return load(folder, format, false, () -> {});
  }

  /// The same for generators alone, which decode faster with it: linears that have their inputs in
  /// common are one, laid out for the processor.
  ///
  /// @throws ModelFormatException naming file and key or tensor when the folder cannot be used
  public static BaseModel loadToServe(Path folder, WeightFormat format) {
    return loadToServe(folder, format, () -> {});
  }

  /// The same for a caller that may think better of it.
  ///
  /// @param before run before each weight; what it throws ends the loading, and the memory of
  ///     those that were read is given back
  /// @throws ModelFormatException naming file and key or tensor when the folder cannot be used
  public static BaseModel loadToServe(Path folder, WeightFormat format, Runnable before) {
    return load(folder, format, true, before);
  }

  private static BaseModel load(
      Path folder, WeightFormat format, boolean toServe, Runnable before) {
    DecoderConfig config = DecoderConfig.read(folder.resolve(CONFIG));
    GenerationConfig generation = GenerationConfig.read(folder, config);
    List<Checkpoint.Weight> stored = Checkpoint.read(folder, config);
    boolean bf16 = Checkpoint.bf16(stored, format);
    Tokenizer tokenizer = Tokenizer.load(folder);
    if (tokenizer.size() > config.vocabSize()) {
      tokenizer.close();
      throw new ModelFormatException(
          "The key vocab_size in "
              + folder.resolve(CONFIG)
              + " is "
              + config.vocabSize()
              + ", but tokenizer.json has "
              + tokenizer.size()
              + " tokens.");
    }
    try {
      TensorMap weights =
          toServe
              ? ServingLayout.load(stored, config, bf16, format == WeightFormat.INT8, before)
              : Checkpoint.load(stored, bf16);
      return new BaseModel(
          config, generation, tokenizer, companions(folder), weights, bf16, toServe);
    } catch (RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  /// Writes a folder with random weights that [#load] reads, the same bytes for the same
  /// arguments.
  ///
  /// @param tokenizerJson the tokenizer to copy; a `tokenizer_config.json` beside it is copied
  ///     too, without one the template of [BpeTrainer] is written
  public static void initialise(Path folder, DecoderConfig config, Path tokenizerJson, long seed) {
    initialise(folder, config, tokenizerJson, Initialisation.TRANSFORMERS, seed);
  }

  /// The same with weights drawn as told.
  public static void initialise(
      Path folder,
      DecoderConfig config,
      Path tokenizerJson,
      Initialisation initialisation,
      long seed) {
    try {
      Files.createDirectories(folder);
      Path target = folder.resolve("tokenizer.json");
      if (!tokenizerJson.toAbsolutePath().normalize().equals(target.toAbsolutePath().normalize())) {
        Files.write(target, Files.readAllBytes(tokenizerJson));
        Path settings = tokenizerJson.resolveSibling("tokenizer_config.json");
        if (Files.exists(settings)) {
          Files.write(folder.resolve("tokenizer_config.json"), Files.readAllBytes(settings));
        }
      }
      if (!Files.exists(folder.resolve("tokenizer_config.json"))) {
        BpeTrainer.writeConfig(folder.resolve("tokenizer_config.json"));
      }
    } catch (IOException unwritable) {
      throw new UncheckedIOException("Writing the base " + folder + " failed.", unwritable);
    }
    config.write(folder.resolve(CONFIG));
    writeWeights(folder, config, DecoderShapes.freshWeights(config, initialisation, seed));
  }

  public DecoderConfig config() {
    return config;
  }

  /// How answers are ended and drawn where a caller does not say.
  public GenerationConfig generation() {
    return generation;
  }

  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /// Size of the weights in native memory.
  public long bytes() {
    return weights.bytes();
  }

  /// Size in native memory that the weights of a folder would have: [#loadToServe] refuses other
  /// shapes.
  ///
  /// @throws ModelFormatException naming file and key or tensor when the folder cannot be used
  public static long bytesToServe(Path folder, WeightFormat format) {
    DecoderConfig config = configOf(folder);
    List<Checkpoint.Weight> stored = Checkpoint.read(folder, config);
    return ServingLayout.bytes(
        stored, config, Checkpoint.bf16(stored, format), format == WeightFormat.INT8);
  }

  /// The configuration of a folder that [#load] would read.
  ///
  /// @throws ModelFormatException naming the key when it cannot be used
  public static DecoderConfig configOf(Path folder) {
    return DecoderConfig.read(folder.resolve(CONFIG));
  }

  /// Number of weights.
  public long parameters() {
    return DecoderShapes.values(DecoderShapes.weights(config));
  }

  /// Whether its matrices are bf16 in memory: then bf16 is also what is computed in.
  public boolean bf16() {
    return bf16;
  }

  /// For this module only: the weights in native memory, one by one.
  ///
  /// @throws IllegalStateException when they were loaded to serve
  public TensorMap plainWeights() {
    if (toServe) {
      throw new IllegalStateException(
          "This base was loaded to serve: it can be decoded with, not trained or measured.");
    }
    return weights;
  }

  /// For this module only: the weights in native memory, for generators.
  public TensorMap weights() {
    return weights;
  }

  /// For this module only: a weight by its own name in fp32, outside native memory.
  public Tensor weight(String name) {
    return weights.tensor(name);
  }

  /// For this module only: writes a base of the same shape and tokenizer with other weights.
  public void writeWith(Path folder, Collection<Tensor> newWeights) {
    try {
      Files.createDirectories(folder);
      for (Map.Entry<String, byte[]> companion : companions.entrySet()) {
        Files.write(folder.resolve(companion.getKey()), companion.getValue());
      }
    } catch (IOException unwritable) {
      throw new UncheckedIOException("Writing the base " + folder + " failed.", unwritable);
    }
    config.write(folder.resolve(CONFIG));
    writeWeights(folder, config, newWeights);
  }

  private static void writeWeights(Path folder, DecoderConfig config, Collection<Tensor> weights) {
    Safetensors.write(
        folder.resolve(Checkpoint.WEIGHTS),
        weights.stream().map(tensor -> TensorNames.toFile(tensor, config.family())).toList());
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      weights.release();
      tokenizer.close();
    }
  }

  private static SortedMap<String, byte[]> companions(Path folder) {
    SortedMap<String, byte[]> found = new TreeMap<>();
    for (String name : COMPANIONS) {
      Path file = folder.resolve(name);
      if (Files.exists(file)) {
        try {
          found.put(name, Files.readAllBytes(file));
        } catch (IOException unreadable) {
          throw new UncheckedIOException("Reading " + file + " failed.", unreadable);
        }
      }
    }
    return found;
  }
}
