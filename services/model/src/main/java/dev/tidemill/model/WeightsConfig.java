package dev.tidemill.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.model.program.DecoderShapes;
import dev.tidemill.model.safetensors.Tensor;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/// Trains the base's own tensors, all or some: the adapter holds those, and the decoder takes them
/// in place of the base's, which stays as it is and is shared.
///
/// @param part which tensors
/// @param layers how many layers from the end, with [Part#LAST_LAYERS]; otherwise 0
public record WeightsConfig(Part part, int layers) implements TuningMethod {
  static final String PEFT_TYPE = "TIDEMILL_WEIGHTS";
  private static final String EMBEDDING = "model.embed_tokens.weight";
  private static final String HEAD = "lm_head.weight";

  /// Tensors of a base.
  public enum Part {
    /// Every one.
    FULL,
    /// Those of the last layers and the norm after them.
    LAST_LAYERS,
    /// The output head and the norm before it. A head that is tied to the embedding becomes one of
    /// its own; the embedding stays.
    HEAD
  }

  public WeightsConfig {
    if (part == Part.LAST_LAYERS ? layers < 1 : layers != 0) {
      throw new IllegalArgumentException(
          "The number of layers to train must be at least 1 for LAST_LAYERS and 0 otherwise, not "
              + layers
              + " for "
              + part
              + ".");
    }
  }

  /// Every tensor.
  public static WeightsConfig full() {
    return new WeightsConfig(Part.FULL, 0);
  }

  /// The last layers.
  public static WeightsConfig lastLayers(int layers) {
    return new WeightsConfig(Part.LAST_LAYERS, layers);
  }

  /// The output head.
  public static WeightsConfig head() {
    return new WeightsConfig(Part.HEAD, 0);
  }

  static WeightsConfig read(JsonFile json, DecoderConfig base) {
    String part = json.text("part");
    for (Part each : Part.values()) {
      if (name(each).equals(part)) {
        return new WeightsConfig(each, json.integer("layers", 0));
      }
    }
    throw json.fault("part", "is " + part + ", but only full, last_layers and head are supported");
  }

  @Override
  public String peftType() {
    return PEFT_TYPE;
  }

  @Override
  public SortedMap<String, int[]> shapes(DecoderConfig base) {
    if (layers > base.layers()) {
      throw new IllegalArgumentException(
          "The base has " + base.layers() + " layers, so the last " + layers + " cannot be tuned.");
    }
    SortedMap<String, int[]> shapes = new TreeMap<>();
    DecoderShapes.weights(base)
        .forEach(
            (name, shape) -> {
              if (trains(name, base)) {
                shapes.put(name, shape);
              }
            });
    if (part == Part.HEAD) {
      shapes.put(HEAD, new int[] {base.vocabSize(), base.hiddenSize()});
    }
    return shapes;
  }

  private boolean trains(String name, DecoderConfig base) {
    return switch (part) {
      case FULL -> true;
      case HEAD -> name.startsWith("model.norm.");
      case LAST_LAYERS -> {
        boolean trained = name.startsWith("model.norm.");
        for (int layer = base.layers() - layers; layer < base.layers(); layer++) {
          trained |= name.startsWith("model.layers." + layer + ".");
        }
        yield trained;
      }
    };
  }

  @Override
  public List<Tensor> fresh(BaseModel base, long seed) {
    return shapes(base.config()).keySet().stream()
        .map(
            name -> {
              boolean untied = name.equals(HEAD) && base.config().tiedEmbeddings();
              return base.weight(untied ? EMBEDDING : name).named(name);
            })
        .toList();
  }

  @Override
  public void write(ObjectNode json, DecoderConfig base) {
    json.put("layers", layers);
    json.put("part", name(part));
  }

  @Override
  public Map<String, Float> scalars() {
    return Map.of("scale", 1f, "replaces", 1f);
  }

  @Override
  public boolean goesOnFrom(TuningMethod other) {
    return equals(other);
  }

  @Override
  public boolean turned(String own, DecoderConfig base) {
    return TensorNames.turned(own, base.family());
  }

  private static String name(Part part) {
    return part.name().toLowerCase(Locale.ROOT);
  }
}
