package dev.tidemill.model;

import ai.djl.pytorch.engine.PtNDArray;
import dev.tidemill.model.program.DecoderShapes;
import dev.tidemill.model.program.Processor;
import dev.tidemill.model.program.TensorMap;
import dev.tidemill.model.program.WeightConverter;
import dev.tidemill.model.safetensors.Dtype;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Weights as serving programs read them fastest: linears that have their inputs in common are one
/// matrix, laid out for the processor. Nothing is held twice but the group that is being laid out.
final class ServingLayout {
  private static final String EMBEDDING = "model.embed_tokens.weight";

  private final Map<String, Checkpoint.Weight> weights = new TreeMap<>();
  private final DecoderConfig config;
  private final Dtype dtype;
  private final boolean int8;
  private final TensorMap.Filling filling;
  private final Runnable before;

  private ServingLayout(
      List<Checkpoint.Weight> all,
      DecoderConfig config,
      boolean bf16,
      boolean int8,
      TensorMap.Filling filling,
      Runnable before) {
    all.forEach(weight -> weights.put(weight.own(), weight));
    this.config = config;
    this.dtype = bf16 ? Dtype.BF16 : Dtype.F32;
    this.int8 = int8;
    this.filling = filling;
    this.before = before;
  }

  /// @param int8 whether matrices of linears are int8 in memory, each output with a scale of its
  ///     own
  /// @param before run before each weight; what it throws ends the loading
  static TensorMap load(
      List<Checkpoint.Weight> weights,
      DecoderConfig config,
      boolean bf16,
      boolean int8,
      Runnable before) {
    try (WeightConverter converter = new WeightConverter();
        TensorMap.Filling filling = new TensorMap.Filling("w", converter)) {
      new ServingLayout(weights, config, bf16, int8, filling, before).fill();
      return filling.done();
    }
  }

  /// What the layout takes in memory.
  static long bytes(
      List<Checkpoint.Weight> weights, DecoderConfig config, boolean bf16, boolean int8) {
    long bytes = 0;
    for (Checkpoint.Weight weight : weights) {
      boolean embedding = weight.own().contains("embed_");
      boolean bias = packs(bf16, int8) && weight.own().contains("_proj.bias");
      if (int8 && weight.matrix() && !embedding) {
        bytes += int8Bytes(weight);
      } else {
        bytes += weight.values() * (bf16 && (weight.matrix() || bias) ? 2 : 4);
      }
      if (int8 && config.tiedEmbeddings() && weight.own().equals(EMBEDDING)) {
        bytes += int8Bytes(weight);
      }
    }
    return bytes;
  }

  /// A byte a value; a scale and a zero, of four bytes each, an output.
  private static long int8Bytes(Checkpoint.Weight weight) {
    return weight.values() + 8L * weight.outputs();
  }

  /// Whether linears are laid out for the processor; otherwise they stay as training has them.
  private static boolean packs(boolean bf16, boolean int8) {
    return int8 || !bf16 || Processor.packsBf16();
  }

  private void fill() {
    if (packs(dtype == Dtype.BF16, int8)) {
      fillPacked();
    }
    for (Checkpoint.Weight rest : weights.values()) {
      before.run();
      rest.addTo(filling, rest.matrix() ? dtype : Dtype.F32);
    }
  }

  private void fillPacked() {
    for (int layer = 0; layer < config.layers(); layer++) {
      String prefix = "model.layers." + layer + ".";
      DecoderShapes.groups(config)
          .forEach(
              (group, parts) ->
                  group(prefix + group, parts.stream().map(part -> prefix + part).toList()));
    }
    if (!config.tiedEmbeddings()) {
      group("lm_head", List.of("lm_head"));
    } else if (int8) {
      Checkpoint.Weight embedding = Objects.requireNonNull(weights.get(EMBEDDING));
      filling.packed("model.embed_tokens", List.of(embedding.part(filling, dtype)), true);
    }
  }

  private void group(String name, List<String> parts) {
    List<PtNDArray> matrices = new ArrayList<>();
    List<PtNDArray> biases = new ArrayList<>();
    for (String part : parts) {
      before.run();
      Checkpoint.Weight weight = Objects.requireNonNull(weights.remove(part + ".weight"), part);
      matrices.add(weight.part(filling, dtype));
      Checkpoint.@Nullable Weight bias = weights.remove(part + ".bias");
      if (bias != null) {
        biases.add(bias.part(filling, dtype));
      }
    }
    filling.packed(name, matrices, int8);
    if (!biases.isEmpty()) {
      filling.joined(name + ".bias", biases);
    }
  }
}
