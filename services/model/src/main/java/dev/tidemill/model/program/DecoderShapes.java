package dev.tidemill.model.program;

import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.Initialisation;
import dev.tidemill.model.family.Traits;
import dev.tidemill.model.safetensors.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/// Which tensors a decoder has, under the names of Llama's, and how fresh ones are drawn.
public final class DecoderShapes {
  private DecoderShapes() {}

  /// A linear of a decoder layer.
  ///
  /// @param path its name within the layer, such as `self_attn.q_proj`
  public record Linear(String path, int outputs, int inputs) {
    /// Its last name, such as `q_proj`.
    public String name() {
      return path.substring(path.indexOf('.') + 1);
    }
  }

  /// Every weight with its shape.
  public static SortedMap<String, int[]> weights(DecoderConfig config) {
    Traits traits = config.traits();
    SortedMap<String, int[]> shapes = new TreeMap<>();
    int hidden = config.hiddenSize();
    shapes.put("model.embed_tokens.weight", new int[] {config.vocabSize(), hidden});
    if (traits.positions() instanceof Traits.Learned) {
      shapes.put("model.embed_positions.weight", new int[] {config.maxPositions(), hidden});
    }
    putNorm(shapes, "model.norm", hidden, traits);
    if (!config.tiedEmbeddings()) {
      shapes.put("lm_head.weight", new int[] {config.vocabSize(), hidden});
    }
    for (int layer = 0; layer < config.layers(); layer++) {
      String prefix = "model.layers." + layer + ".";
      putNorm(shapes, prefix + "input_layernorm", hidden, traits);
      putNorm(shapes, prefix + "post_attention_layernorm", hidden, traits);
      if (traits.queryKeyNorm()) {
        putNorm(shapes, prefix + "self_attn.q_norm", config.headDim(), traits);
        putNorm(shapes, prefix + "self_attn.k_norm", config.headDim(), traits);
      }
      for (Linear linear : linears(config)) {
        shapes.put(prefix + linear.path + ".weight", new int[] {linear.outputs, linear.inputs});
        if (traits.biases().contains(linear.name())) {
          shapes.put(prefix + linear.path + ".bias", new int[] {linear.outputs});
        }
      }
    }
    return shapes;
  }

  /// The linears of a layer by what they read: those that have their inputs in common have a name
  /// together.
  public static SortedMap<String, List<String>> groups(DecoderConfig config) {
    SortedMap<String, List<String>> groups = new TreeMap<>();
    for (Linear linear : linears(config)) {
      String group =
          switch (linear.name()) {
            case "q_proj", "k_proj", "v_proj" -> "self_attn.qkv_proj";
            case "gate_proj" -> "mlp.gate_up_proj";
            case "up_proj" -> config.traits().gated() ? "mlp.gate_up_proj" : linear.path;
            default -> linear.path;
          };
      groups.computeIfAbsent(group, each -> new ArrayList<>()).add(linear.path);
    }
    return groups;
  }

  /// How many values tensors of these shapes have together.
  public static long values(SortedMap<String, int[]> shapes) {
    long values = 0;
    for (int[] shape : shapes.values()) {
      values += size(shape);
    }
    return values;
  }

  /// Fresh weights: norms are one, biases zero, matrices and embeddings normal as the
  /// initialisation says.
  public static List<Tensor> freshWeights(
      DecoderConfig config, Initialisation initialisation, long seed) {
    RandomGenerator random = random(seed);
    List<Tensor> tensors = new ArrayList<>();
    weights(config)
        .forEach(
            (name, shape) -> {
              float[] values = new float[size(shape)];
              double deviation = initialisation.deviation(name, config.layers());
              if (shape.length > 1) {
                for (int i = 0; i < values.length; i++) {
                  values[i] = (float) (random.nextGaussian() * deviation);
                }
              } else if (!name.endsWith(".bias")) {
                Arrays.fill(values, 1f);
              }
              tensors.add(Tensor.ofFloats(name, shape, values));
            });
    return tensors;
  }

  /// Fresh matrices that go in pairs, the first of which is drawn uniformly within 1/sqrt(inputs)
  /// as PEFT does; all else is zero, so that at first a pair changes nothing.
  ///
  /// @param firsts how the names of the first ones end
  public static List<Tensor> freshPairs(SortedMap<String, int[]> shapes, String firsts, long seed) {
    RandomGenerator random = random(seed);
    List<Tensor> tensors = new ArrayList<>();
    shapes.forEach(
        (name, shape) -> {
          float[] values = new float[size(shape)];
          if (name.endsWith(firsts)) {
            double bound = 1 / Math.sqrt(shape[1]);
            for (int i = 0; i < values.length; i++) {
              values[i] = (float) random.nextDouble(-bound, bound);
            }
          }
          tensors.add(Tensor.ofFloats(name, shape, values));
        });
    return tensors;
  }

  /// The source of everything that is drawn when tensors are made.
  public static RandomGenerator random(long seed) {
    return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
  }

  /// Number of values of a shape.
  public static int size(int[] shape) {
    int size = 1;
    for (int length : shape) {
      size = Math.multiplyExact(size, length);
    }
    return size;
  }

  private static void putNorm(
      SortedMap<String, int[]> shapes, String name, int width, Traits traits) {
    shapes.put(name + ".weight", new int[] {width});
    if (traits.layerNorm()) {
      shapes.put(name + ".bias", new int[] {width});
    }
  }

  /// The linears of a layer.
  public static List<Linear> linears(DecoderConfig config) {
    Traits traits = config.traits();
    int hidden = config.hiddenSize();
    int inner = config.intermediateSize();
    int queries = config.heads() * config.headDim();
    int keys = config.kvHeads() * config.headDim();
    List<Linear> linears = new ArrayList<>();
    if (traits.fusedAttention()) {
      linears.add(new Linear("self_attn.qkv_proj", queries + 2 * keys, hidden));
    } else {
      linears.add(new Linear("self_attn.q_proj", queries, hidden));
      linears.add(new Linear("self_attn.k_proj", keys, hidden));
      linears.add(new Linear("self_attn.v_proj", keys, hidden));
    }
    linears.add(new Linear("self_attn.o_proj", hidden, queries));
    if (traits.gated()) {
      linears.add(new Linear("mlp.gate_proj", inner, hidden));
    }
    linears.add(new Linear("mlp.up_proj", inner, hidden));
    linears.add(new Linear("mlp.down_proj", hidden, inner));
    return linears;
  }
}
