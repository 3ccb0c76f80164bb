package dev.tidemill.model;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tidemill.model.family.Family;
import dev.tidemill.model.program.DecoderShapes;
import dev.tidemill.model.safetensors.Safetensors;
import dev.tidemill.model.safetensors.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/// The weights of a Hugging Face folder: of `model.safetensors`, or of the shards that
/// `model.safetensors.index.json` names. They are mapped, and only those that the decoder asks
/// for.
final class Checkpoint {
  static final String WEIGHTS = "model.safetensors";
  static final String INDEX = "model.safetensors.index.json";

  private final DecoderConfig config;
  private final Path listing;
  private final @Nullable Map<String, Path> shardOf;
  private final Map<Path, SortedMap<String, Tensor>> opened = new HashMap<>();
  private final Set<String> wanted = new HashSet<>();

  private Checkpoint(DecoderConfig config, Path listing, @Nullable Map<String, Path> shardOf) {
    this.config = config;
    this.listing = listing;
    this.shardOf = shardOf;
    DecoderShapes.weights(config).keySet().forEach(own -> wanted.addAll(names(own)));
  }

  /// Every weight under its own name, checked against the shapes that the configuration asks for.
  ///
  /// @throws ModelFormatException naming file and tensor when one is missing, misshapen or not
  ///     finite, or a shard is missing
  static List<Tensor> read(Path folder, DecoderConfig config) {
    Path single = folder.resolve(WEIGHTS);
    Path index = folder.resolve(INDEX);
    boolean sharded = !Files.exists(single) && Files.exists(index);
    Checkpoint checkpoint =
        sharded
            ? new Checkpoint(config, index, shards(folder, index))
            : new Checkpoint(config, single, null);
    List<Tensor> weights = new ArrayList<>();
    DecoderShapes.weights(config)
        .forEach((own, shape) -> weights.add(checkpoint.weight(own, shape)));
    return weights;
  }

  private Tensor weight(String own, int[] shape) {
    for (String name : names(own)) {
      Path file = shardOf == null ? listing : shardOf.get(name);
      Tensor tensor = file == null ? null : open(file).get(name);
      if (file != null && tensor != null) {
        return TensorNames.fromFile(checked(file, tensor, own, shape), own, config.family());
      }
      if (file != null && shardOf != null) {
        throw new ModelFormatException(
            "The tensor " + name + " is missing from " + file + ", where " + listing + " has it.");
      }
    }
    throw new ModelFormatException(
        "The tensor " + names(own).getFirst() + " is missing from " + listing + ".");
  }

  private SortedMap<String, Tensor> open(Path file) {
    return opened.computeIfAbsent(file, each -> Safetensors.read(each, wanted::contains));
  }

  /// What a weight may be called in the files, the proper name first.
  private List<String> names(String own) {
    Family family = config.family();
    String full = TensorNames.file(own, family);
    return full.startsWith(family.prefix())
        ? List.of(full, full.substring(family.prefix().length()))
        : List.of(full);
  }

  private Tensor checked(Path file, Tensor tensor, String own, int[] shape) {
    int[] expected =
        TensorNames.turned(own, config.family()) ? new int[] {shape[1], shape[0]} : shape;
    @Nullable String fault = tensor.fault(file, "config.json", expected);
    if (fault != null) {
      throw new ModelFormatException(fault);
    }
    return tensor;
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
              Path file = folder.resolve(name);
              if (!entry.getValue().isTextual() || !folder.equals(file.getParent())) {
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
}
