package dev.tidemill.model.program;

import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.Initialisation;
import dev.tidemill.model.LoraConfig;
import dev.tidemill.model.safetensors.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/// Which tensors a Llama decoder and its low-rank adapters have, under Hugging Face's names, and
/// how fresh ones are drawn.
public final class DecoderShapes {
  private DecoderShapes() {}

  /// Every weight with its shape.
  public static SortedMap<String, int[]> weights(DecoderConfig config) {
    SortedMap<String, int[]> shapes = new TreeMap<>();
    int hidden = config.hiddenSize();
    shapes.put("model.embed_tokens.weight", new int[] {config.vocabSize(), hidden});
    shapes.put("model.norm.weight", new int[] {hidden});
    if (!config.tiedEmbeddings()) {
      shapes.put("lm_head.weight", new int[] {config.vocabSize(), hidden});
    }
    for (int layer = 0; layer < config.layers(); layer++) {
      String prefix = "model.layers." + layer + ".";
      shapes.put(prefix + "input_layernorm.weight", new int[] {hidden});
      shapes.put(prefix + "post_attention_layernorm.weight", new int[] {hidden});
      for (String linear : LoraConfig.ALL_LINEARS) {
        shapes.put(prefix + path(linear) + ".weight", linear(config, linear));
      }
    }
    return shapes;
  }

  /// Every tensor of a low-rank adapter with its shape, named as in PEFT less its leading
  /// `base_model.model.`.
  public static SortedMap<String, int[]> lora(LoraConfig lora, DecoderConfig config) {
    SortedMap<String, int[]> shapes = new TreeMap<>();
    for (int layer = 0; layer < config.layers(); layer++) {
      for (String linear : lora.targetModules()) {
        String name = "model.layers." + layer + "." + path(linear);
        int[] shape = linear(config, linear);
        shapes.put(name + ".lora_A.weight", new int[] {lora.rank(), shape[1]});
        shapes.put(name + ".lora_B.weight", new int[] {shape[0], lora.rank()});
      }
    }
    return shapes;
  }

  /// Fresh weights: norms are one, matrices and the embedding normal as the initialisation says.
  public static List<Tensor> freshWeights(
      DecoderConfig config, Initialisation initialisation, long seed) {
    RandomGenerator random = random(seed);
    List<Tensor> tensors = new ArrayList<>();
    weights(config)
        .forEach(
            (name, shape) -> {
              float[] values = new float[size(shape)];
              double deviation = initialisation.deviation(name, config.layers());
              for (int i = 0; i < values.length; i++) {
                values[i] = shape.length == 1 ? 1f : (float) (random.nextGaussian() * deviation);
              }
              tensors.add(Tensor.ofFloats(name, shape, values));
            });
    return tensors;
  }

  /// Fresh pairs as PEFT draws them: A uniform within 1/sqrt(inputs), B zero.
  public static List<Tensor> freshLora(LoraConfig lora, DecoderConfig config, long seed) {
    RandomGenerator random = random(seed);
    List<Tensor> tensors = new ArrayList<>();
    lora(lora, config)
        .forEach(
            (name, shape) -> {
              float[] values = new float[size(shape)];
              if (name.endsWith(".lora_A.weight")) {
                double bound = 1 / Math.sqrt(shape[1]);
                for (int i = 0; i < values.length; i++) {
                  values[i] = (float) random.nextDouble(-bound, bound);
                }
              }
              tensors.add(Tensor.ofFloats(name, shape, values));
            });
    return tensors;
  }

  private static RandomGenerator random(long seed) {
    return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
  }

  private static int size(int[] shape) {
    int size = 1;
    for (int length : shape) {
      size = Math.multiplyExact(size, length);
    }
    return size;
  }

  private static String path(String linear) {
    return switch (linear) {
      case "q_proj", "k_proj", "v_proj", "o_proj" -> "self_attn." + linear;
      case "gate_proj", "up_proj", "down_proj" -> "mlp." + linear;
      default -> throw new IllegalArgumentException("There is no linear " + linear + ".");
    };
  }

  private static int[] linear(DecoderConfig config, String linear) {
    int hidden = config.hiddenSize();
    int queries = config.heads() * config.headDim();
    int keys = config.kvHeads() * config.headDim();
    return switch (linear) {
      case "q_proj" -> new int[] {queries, hidden};
      case "k_proj", "v_proj" -> new int[] {keys, hidden};
      case "o_proj" -> new int[] {hidden, queries};
      case "gate_proj", "up_proj" -> new int[] {config.intermediateSize(), hidden};
      case "down_proj" -> new int[] {hidden, config.intermediateSize()};
      default -> throw new IllegalArgumentException("There is no linear " + linear + ".");
    };
  }
}
