package dev.tidemill.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.model.program.DecoderShapes;
import dev.tidemill.model.safetensors.Tensor;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/// A narrow network after the attention and after the feed-forward part of every layer: down, an
/// activation, up, added to what went in (Houlsby et al., 2019).
///
/// @param width inside of it
/// @param activation between down and up
public record BottleneckConfig(int width, Activation activation) implements TuningMethod {
  static final String PEFT_TYPE = "TIDEMILL_BOTTLENECK";

  /// The linears that end the two parts of a layer: each gets a network after it.
  private static final List<String> AFTER = List.of("self_attn.o_proj", "mlp.down_proj");

  /// What stands between down and up.
  public enum Activation {
    RELU,
    GELU,
    SILU
  }

  public BottleneckConfig {
    if (width < 1) {
      throw new IllegalArgumentException(
          "The width of a bottleneck must be at least 1, not " + width + ".");
    }
  }

  static BottleneckConfig read(JsonFile json, DecoderConfig base) {
    String wanted = json.text("activation", "gelu");
    for (Activation each : Activation.values()) {
      if (name(each).equals(wanted)) {
        return new BottleneckConfig(json.integer("width"), each);
      }
    }
    throw json.fault("activation", "is " + wanted + ", but only relu, gelu and silu are supported");
  }

  @Override
  public String peftType() {
    return PEFT_TYPE;
  }

  @Override
  public SortedMap<String, int[]> shapes(DecoderConfig base) {
    int hidden = base.hiddenSize();
    SortedMap<String, int[]> shapes = new TreeMap<>();
    for (int layer = 0; layer < base.layers(); layer++) {
      for (String linear : AFTER) {
        String name = "model.layers." + layer + "." + linear + ".adapter_";
        shapes.put(name + "down.weight", new int[] {width, hidden});
        shapes.put(name + "down.bias", new int[] {width});
        shapes.put(name + "up.weight", new int[] {hidden, width});
        shapes.put(name + "up.bias", new int[] {hidden});
      }
    }
    return shapes;
  }

  /// Down is uniform within 1/sqrt(inputs), up is zero: at first nothing changes.
  @Override
  public List<Tensor> fresh(BaseModel base, long seed) {
    return DecoderShapes.freshPairs(shapes(base.config()), "down.weight", seed);
  }

  @Override
  public void write(ObjectNode json, DecoderConfig base) {
    json.put("activation", name(activation));
    json.put("width", width);
  }

  @Override
  public Map<String, Float> scalars() {
    return switch (activation) {
      case RELU -> Map.of("scale", 1f);
      case GELU, SILU -> Map.of("scale", 1f, name(activation), 1f);
    };
  }

  private static String name(Activation activation) {
    return activation.name().toLowerCase(Locale.ROOT);
  }
}
