package dev.tidemill.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.model.program.DecoderShapes;
import dev.tidemill.model.safetensors.Tensor;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/// A way to change what a base does without changing the base: which tensors an adapter of this
/// kind has, how fresh ones are made and how its two files say it. The decoder applies each tensor
/// that is there (`decoder.py` names the keys), in training, evaluation and serving alike.
public sealed interface TuningMethod
    permits LoraConfig, WeightsConfig, BitFitConfig, BottleneckConfig, PrefixConfig, PromptConfig {

  /// The `peft_type` of its `adapter_config.json`; one that begins with TIDEMILL is no method of
  /// PEFT's.
  String peftType();

  /// Every trained tensor with its shape, under the decoder's keys.
  ///
  /// @throws IllegalArgumentException in one sentence when the method does not fit the base
  SortedMap<String, int[]> shapes(DecoderConfig base);

  /// The tensors that training starts from.
  List<Tensor> fresh(BaseModel base, long seed);

  /// Puts what [TuningMethods#read] takes beside `peft_type`.
  void write(ObjectNode json, DecoderConfig base);

  /// The same for a certain base: what is said by meaning is said by name.
  default TuningMethod on(DecoderConfig base) {
    return this;
  }

  /// Scalars that the decoder finds beside the tensors. They are not trained.
  default Map<String, Float> scalars() {
    return Map.of("scale", 1f);
  }

  /// Places that it takes before the first token.
  default int virtualTokens() {
    return 0;
  }

  /// Share of inputs that is zeroed while training.
  default double dropout() {
    return 0;
  }

  /// Whether training by this method can go on from an adapter of another configuration, as it is
  /// shaped.
  default boolean goesOnFrom(TuningMethod other) {
    return getClass().equals(other.getClass());
  }

  /// What `adapter_model.safetensors` calls a tensor.
  default String fileName(String own, DecoderConfig base) {
    return "base_model.model." + TensorNames.file(own, base.family());
  }

  /// Whether it lies the other way round in the file.
  default boolean turned(String own, DecoderConfig base) {
    return false;
  }

  /// Number of values that are trained.
  default long parameters(DecoderConfig base) {
    return DecoderShapes.values(shapes(base));
  }
}
