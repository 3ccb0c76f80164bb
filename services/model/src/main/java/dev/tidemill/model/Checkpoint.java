package dev.tidemill.model;

import ai.djl.pytorch.engine.PtNDArray;
import com.fasterxml.jackson.databind.JsonNode;
import dev.tidemill.model.family.Family;
import dev.tidemill.model.program.DecoderShapes;
import dev.tidemill.model.program.TensorMap;
import dev.tidemill.model.program.WeightConverter;
import dev.tidemill.model.safetensors.Dtype;
import dev.tidemill.model.safetensors.Safetensors;
import dev.tidemill.model.safetensors.StoredTensor;
import dev.tidemill.model.safetensors.Tensor;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The weights of a Hugging Face folder: of `model.safetensors`, or of the shards that
/// `model.safetensors.index.json` names: where each lies that the decoder asks for. They are mapped
/// one after the other, as they are loaded.
final class Checkpoint {
  static final String WEIGHTS = "model.safetensors";
  static final String INDEX = "model.safetensors.index.json";

  private final DecoderConfig config;
  private final Path listing;
  private final @Nullable Map<String, Path> shardOf;
  private final Map<Path, SortedMap<String, StoredTensor>> opened = new HashMap<>();
  private final Set<String> wanted = new HashSet<>();

  private Checkpoint(DecoderConfig config, Path listing, @Nullable Map<String, Path> shardOf) {
    this.config = config;
    this.listing = listing;
    this.shardOf = shardOf;
    DecoderShapes.weights(config).keySet().forEach(own -> wanted.addAll(names(own)));
  }

  /// A weight under its own name.
  ///
  /// @param turned whether it lies the other way round in its file
  record Weight(String own, StoredTensor stored, boolean turned) {

    /// Norms and biases are fp32 always: they are small.
    private Dtype inMemory(boolean bf16) {
      return bf16 && matrix() ? Dtype.BF16 : Dtype.F32;
    }

    boolean matrix() {
      return stored.shape().length > 1;
    }

    long values() {
      return stored.bytes() / stored.dtype().bytes();
    }

    /// Rows of a matrix.
    long outputs() {
      return turned ? stored.shape()[1] : stored.shape()[0];
    }

    /// Copies it into native memory.
    ///
    /// @throws ModelFormatException when it is not finite
    void addTo(TensorMap.Filling filling, Dtype dtype) {
      mapped(
          tensor -> {
            filling.add(tensor, dtype, turned);
            return true;
          });
    }

    /// The same for a part of something larger.
    PtNDArray part(TensorMap.Filling filling, Dtype dtype) {
      return mapped(tensor -> filling.part(tensor, dtype, turned));
    }

    private <T> T mapped(Function<Tensor, T> use) {
      try (Arena arena = Arena.ofConfined()) {
        Tensor tensor = stored.map(arena);
        @Nullable String fault = tensor.fault(stored.file(), "config.json", stored.shape());
        if (fault != null) {
          throw new ModelFormatException(fault);
        }
        return use.apply(tensor.named(own));
      }
    }
  }

  /// Whether matrices of this format are bf16 in memory.
  static boolean bf16(List<Weight> weights, WeightFormat format) {
    return switch (format) {
      case AS_STORED ->
          weights.stream().allMatch(w -> !w.matrix() || w.stored.dtype() == Dtype.BF16);
      case FP32 -> false;
      case BF16, INT8 -> true;
    };
  }

  /// Size in native memory that [#load] takes.
  static long bytes(List<Weight> weights, boolean bf16) {
    long bytes = 0;
    for (Weight weight : weights) {
      bytes += weight.values() * weight.inMemory(bf16).bytes();
    }
    return bytes;
  }

  /// Every weight, checked against the shapes that the configuration asks for.
  ///
  /// @throws ModelFormatException naming file and tensor when one is missing or misshapen, or a
  ///     shard is missing
  static List<Weight> read(Path folder, DecoderConfig config) {
    Path single = folder.resolve(WEIGHTS);
    Path index = folder.resolve(INDEX);
    boolean sharded = !Files.exists(single) && Files.exists(index);
    Checkpoint checkpoint =
        sharded
            ? new Checkpoint(config, index, shards(folder, index))
            : new Checkpoint(config, single, null);
    List<Weight> weights = new ArrayList<>();
    DecoderShapes.weights(config)
        .forEach((own, shape) -> weights.add(checkpoint.weight(own, shape)));
    return weights;
  }

  /// Brings weights into native memory, holding no more than one of them beside those that are
  /// there.
  ///
  /// @param bf16 whether matrices are to be bf16 in memory
  /// @throws ModelFormatException naming file and tensor when one is not finite
  static TensorMap load(List<Weight> weights, boolean bf16) {
    try (WeightConverter converter = new WeightConverter();
        TensorMap.Filling filling = new TensorMap.Filling("w", converter)) {
      for (Weight weight : weights) {
        weight.addTo(filling, weight.inMemory(bf16));
      }
      return filling.done();
    }
  }

  private Weight weight(String own, int[] shape) {
    for (String name : names(own)) {
      Path file = shardOf == null ? listing : shardOf.get(name);
      StoredTensor tensor = file == null ? null : open(file).get(name);
      if (file != null && tensor != null) {
        return checked(tensor, own, shape);
      }
      if (file != null && shardOf != null) {
        throw new ModelFormatException(
            "The tensor " + name + " is missing from " + file + ", where " + listing + " has it.");
      }
    }
    throw new ModelFormatException(
        "The tensor " + names(own).getFirst() + " is missing from " + listing + ".");
  }

  private SortedMap<String, StoredTensor> open(Path file) {
    return opened.computeIfAbsent(file, each -> Safetensors.index(each, wanted::contains));
  }

  /// What a weight may be called in the files, the proper name first.
  private List<String> names(String own) {
    Family family = config.family();
    String full = TensorNames.file(own, family);
    return full.startsWith(family.prefix())
        ? List.of(full, full.substring(family.prefix().length()))
        : List.of(full);
  }

  private Weight checked(StoredTensor tensor, String own, int[] shape) {
    boolean turned = TensorNames.turned(own, config.family());
    int[] expected = turned ? new int[] {shape[1], shape[0]} : shape;
    if (!Arrays.equals(tensor.shape(), expected)) {
      throw new ModelFormatException(
          Tensor.misshapen(tensor.name(), tensor.file(), "config.json", tensor.shape(), expected));
    }
    return new Weight(own, tensor, turned);
  }

  private static Map<String, Path> shards(Path folder, Path index) {
    JsonFile json = JsonFile.read(index);
    JsonNode map = json.optional("weight_map");
    if (map == null || !map.isObject()) {
      throw json.fault("weight_map", "does not map tensors to files");
    }
    Map<String, Path> shardOf = new HashMap<>();
    map.properties()
        .forEach(
            entry -> {
              String name = entry.getValue().asText();
              @Nullable Path file = entry.getValue().isTextual() ? beside(folder, name) : null;
              if (file == null) {
                throw json.fault(
                    "weight_map",
                    "names " + name + " for " + entry.getKey() + ", which is no file beside it");
              }
              if (!Files.isRegularFile(file)) {
                throw json.fault(
                    "weight_map",
                    "names " + name + " for " + entry.getKey() + ", which is missing");
              }
              shardOf.put(entry.getKey(), file);
            });
    return shardOf;
  }

  /// The file of that name in the folder itself; null when the name leads elsewhere.
  private static @Nullable Path beside(Path folder, String name) {
    try {
      Path file = folder.resolve(name);
      return folder.equals(file.getParent()) ? file : null;
    } catch (InvalidPathException impossible) {
      return null;
    }
  }
}
