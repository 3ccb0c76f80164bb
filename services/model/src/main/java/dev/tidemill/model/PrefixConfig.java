package dev.tidemill.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.model.program.DecoderShapes;
import dev.tidemill.model.safetensors.Tensor;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/// Prefix tuning: keys and values of each layer that stand before those of the tokens, which count
/// their positions from after them.
///
/// @param virtualTokens how many
public record PrefixConfig(int virtualTokens) implements TuningMethod {
  static final String PEFT_TYPE = "PREFIX_TUNING";
  private static final String KEY = "prefix";

  /// Small against the keys and values of tokens, so that training begins near the base.
  private static final double DEVIATION = 0.02;

  public PrefixConfig {
    if (virtualTokens < 1) {
      throw new IllegalArgumentException(
          "A prefix must have at least 1 virtual token, not " + virtualTokens + ".");
    }
  }

  /// PEFT writes what a `prefix_projection` computed, so that it does not matter here.
  static PrefixConfig read(JsonFile json, DecoderConfig base) {
    TuningMethods.requireOf(json, "num_layers", base.layers());
    TuningMethods.requireOf(json, "num_attention_heads", base.kvHeads());
    TuningMethods.requireOf(json, "token_dim", base.kvHeads() * base.headDim());
    TuningMethods.requireOf(json, "num_transformer_submodules", 1);
    return new PrefixConfig(json.integer("num_virtual_tokens"));
  }

  @Override
  public String peftType() {
    return PEFT_TYPE;
  }

  @Override
  public SortedMap<String, int[]> shapes(DecoderConfig base) {
    SortedMap<String, int[]> shapes = new TreeMap<>();
    shapes.put(KEY, new int[] {PromptConfig.fitting(virtualTokens, base), width(base)});
    return shapes;
  }

  /// Values of one virtual token: a key and a value in each head of each layer.
  private static int width(DecoderConfig base) {
    return base.layers() * 2 * base.kvHeads() * base.headDim();
  }

  @Override
  public List<Tensor> fresh(BaseModel base, long seed) {
    RandomGenerator random = DecoderShapes.random(seed);
    int[] shape = {virtualTokens, width(base.config())};
    float[] values = new float[DecoderShapes.size(shape)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() * DEVIATION);
    }
    return List.of(Tensor.ofFloats(KEY, shape, values));
  }

  @Override
  public void write(ObjectNode json, DecoderConfig base) {
    json.putNull("base_model_name_or_path");
    json.put("encoder_hidden_size", base.kvHeads() * base.headDim());
    json.put("inference_mode", true);
    json.put("num_attention_heads", base.kvHeads());
    json.put("num_layers", base.layers());
    json.put("num_transformer_submodules", 1);
    json.put("num_virtual_tokens", virtualTokens);
    json.put("prefix_projection", false);
    json.put("task_type", "CAUSAL_LM");
    json.put("token_dim", base.kvHeads() * base.headDim());
  }

  @Override
  public String fileName(String own, DecoderConfig base) {
    return PromptConfig.IN_FILE;
  }
}
