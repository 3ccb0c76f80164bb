package dev.tidemill.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.model.family.Families;
import dev.tidemill.model.program.DecoderShapes;
import dev.tidemill.model.safetensors.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/// How a low-rank adapter is shaped, in PEFT's words.
///
/// @param rank inner dimension of every pair of matrices
/// @param alpha numerator of the scale: alpha / rank, or alpha / sqrt(rank) with `rsLora`
/// @param targetModules last names of the linears that get a pair, as the base's files call them,
///     such as `q_proj`
/// @param dropout share of a pair's inputs that is zeroed while training
/// @param rsLora rank-stabilised scaling
public record LoraConfig(
    int rank, double alpha, List<String> targetModules, double dropout, boolean rsLora)
    implements TuningMethod {
  static final String PEFT_TYPE = "LORA";

  /// Keys of PEFT's that change the arithmetic in a way this module does not follow.
  private static final List<String> UNSUPPORTED =
      List.of(
          "use_dora",
          "modules_to_save",
          "rank_pattern",
          "alpha_pattern",
          "lora_bias",
          "target_parameters",
          "trainable_token_indices",
          "alora_invocation_tokens",
          "layer_replication",
          "exclude_modules",
          "use_qalora",
          "use_bdlora");

  /// Every linear of a decoder layer: by name for all families that call theirs as Llama does, and
  /// by meaning for the others ([#on]).
  public static final List<String> ALL_LINEARS =
      List.of("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj");

  public LoraConfig {
    if (rank < 1) {
      throw new IllegalArgumentException("The LoRA rank must be at least 1, not " + rank + ".");
    }
    if (!(alpha > 0) || !Double.isFinite(alpha)) {
      throw new IllegalArgumentException("The LoRA alpha must be above 0, not " + alpha + ".");
    }
    if (!(dropout >= 0 && dropout < 1)) {
      throw new IllegalArgumentException(
          "The LoRA dropout must be from 0 up to but not including 1, not " + dropout + ".");
    }
    if (targetModules.isEmpty()) {
      throw new IllegalArgumentException("A LoRA adapter needs at least one target module.");
    }
    for (String target : targetModules) {
      if (!Families.linears().contains(target.substring(target.lastIndexOf('.') + 1))) {
        throw new IllegalArgumentException(
            "The LoRA target module "
                + target
                + " is a linear of no family; they are "
                + new TreeSet<>(Families.linears())
                + ".");
      }
    }
    targetModules = targetModules.stream().distinct().sorted().toList();
  }

  /// A pair on every linear, no dropout.
  public static LoraConfig allLinears(int rank, double alpha) {
    return new LoraConfig(rank, alpha, ALL_LINEARS, 0.0, false);
  }

  static LoraConfig read(JsonFile json, DecoderConfig base) {
    if (!json.text("bias", "none").equals("none")) {
      throw json.fault("bias", "is " + json.text("bias") + ", but only none is supported");
    }
    for (String key : UNSUPPORTED) {
      JsonNode value = json.optional(key);
      boolean neutral =
          value == null
              || (value.isBoolean() && !value.booleanValue())
              || (value.isContainerNode() && value.isEmpty());
      if (!neutral) {
        throw json.fault(key, "is set, which is not supported");
      }
    }
    // PEFT sets this by itself where the base has its inputs first, and unsets it elsewhere.
    if (json.flag("fan_in_fan_out", false) && !base.family().fanInFanOut()) {
      throw json.fault("fan_in_fan_out", "is set, which does not fit the base");
    }
    return new LoraConfig(
        json.integer("r"),
        json.number("lora_alpha", 8),
        onLayers(targets(json), json.integers("layers_to_transform"), base),
        json.number("lora_dropout", 0),
        json.flag("use_rslora", false));
  }

  /// The targets in certain layers only, by their whole names; all when no layer is named.
  private static List<String> onLayers(
      List<String> targets, List<Integer> layers, DecoderConfig base) {
    if (layers.isEmpty()) {
      return targets;
    }
    List<String> meant = targets.equals(ALL_LINEARS) ? base.family().linears() : targets;
    List<String> names = new ArrayList<>();
    for (int layer : layers) {
      for (DecoderShapes.Linear linear : DecoderShapes.linears(base)) {
        String called = base.family().moduleName("model.layers." + layer + "." + linear.path());
        if (meant.stream().anyMatch(target -> called.endsWith("." + target))) {
          names.add(called);
        }
      }
    }
    return names;
  }

  private static List<String> targets(JsonFile json) {
    JsonNode targets = json.optional("target_modules");
    if (targets != null && targets.asText().equals("all-linear")) {
      return ALL_LINEARS;
    }
    if (targets == null || !targets.isArray()) {
      throw json.fault("target_modules", "is not a list of names");
    }
    List<String> names = new ArrayList<>();
    targets.forEach(target -> names.add(target.asText()));
    return names;
  }

  /// The same for a certain base: what means every linear names those of the base's family.
  @Override
  public LoraConfig on(DecoderConfig base) {
    boolean all = targetModules.equals(ALL_LINEARS.stream().sorted().toList());
    return all ? new LoraConfig(rank, alpha, base.family().linears(), dropout, rsLora) : this;
  }

  /// What the product of a pair is multiplied with before it is added.
  public double scale() {
    return rsLora ? alpha / Math.sqrt(rank) : alpha / rank;
  }

  @Override
  public Map<String, Float> scalars() {
    return Map.of("scale", (float) scale());
  }

  @Override
  public String peftType() {
    return PEFT_TYPE;
  }

  @Override
  public SortedMap<String, int[]> shapes(DecoderConfig base) {
    SortedMap<String, int[]> shapes = new TreeMap<>();
    Set<String> unused = new TreeSet<>(targetModules);
    for (int layer = 0; layer < base.layers(); layer++) {
      for (DecoderShapes.Linear linear : DecoderShapes.linears(base)) {
        String name = "model.layers." + layer + "." + linear.path();
        String called = base.family().moduleName(name);
        boolean targeted = false;
        for (String target : targetModules) {
          if (called.equals(target) || called.endsWith("." + target)) {
            targeted = true;
            unused.remove(target);
          }
        }
        if (targeted) {
          shapes.put(name + ".lora_A.weight", new int[] {rank, linear.inputs()});
          shapes.put(name + ".lora_B.weight", new int[] {linear.outputs(), rank});
        }
      }
    }
    if (!unused.isEmpty()) {
      throw new IllegalArgumentException(
          "The LoRA target module "
              + unused.iterator().next()
              + " is none of "
              + base.family().linears()
              + ", the linears of a "
              + base.family().modelType()
              + " decoder.");
    }
    return shapes;
  }

  @Override
  public List<Tensor> fresh(BaseModel base, long seed) {
    return fresh(base.config(), seed);
  }

  /// Fresh pairs as PEFT draws them: A uniform within 1/sqrt(inputs), B zero.
  List<Tensor> fresh(DecoderConfig base, long seed) {
    return DecoderShapes.freshPairs(shapes(base), ".lora_A.weight", seed);
  }

  @Override
  public void write(ObjectNode json, DecoderConfig base) {
    json.putNull("base_model_name_or_path");
    json.put("bias", "none");
    json.put("fan_in_fan_out", base.family().fanInFanOut());
    json.put("inference_mode", true);
    json.put("init_lora_weights", true);
    if (alpha == Math.rint(alpha)) {
      json.put("lora_alpha", (long) alpha);
    } else {
      json.put("lora_alpha", alpha);
    }
    json.put("lora_dropout", dropout);
    json.putNull("modules_to_save");
    json.put("r", rank);
    targetModules.forEach(json.putArray("target_modules")::add);
    json.put("task_type", "CAUSAL_LM");
    json.put("use_dora", false);
    json.put("use_rslora", rsLora);
  }
}
