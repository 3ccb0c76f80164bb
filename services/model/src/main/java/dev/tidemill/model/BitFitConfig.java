package dev.tidemill.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.model.program.DecoderShapes;
import dev.tidemill.model.safetensors.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/// Trains biases only: of every linear of a layer and of every norm. Where the base has one,
/// training starts from it, and the trained one stands in for it; where it has none, from zero.
public record BitFitConfig() implements TuningMethod {
  static final String PEFT_TYPE = "TIDEMILL_BITFIT";
  private static final String WEIGHT = ".weight";
  private static final Set<String> NO_MODULES =
      Set.of("model.embed_tokens.weight", "model.embed_positions.weight", "lm_head.weight");

  static BitFitConfig read(JsonFile json, DecoderConfig base) {
    return new BitFitConfig();
  }

  @Override
  public String peftType() {
    return PEFT_TYPE;
  }

  @Override
  public SortedMap<String, int[]> shapes(DecoderConfig base) {
    SortedMap<String, int[]> shapes = new TreeMap<>();
    DecoderShapes.weights(base)
        .forEach(
            (name, shape) -> {
              if (name.endsWith(WEIGHT) && !NO_MODULES.contains(name)) {
                String module = name.substring(0, name.length() - WEIGHT.length());
                shapes.put(module + ".bias", new int[] {shape[0]});
              }
            });
    return shapes;
  }

  @Override
  public List<Tensor> fresh(BaseModel base, long seed) {
    Set<String> own = DecoderShapes.weights(base.config()).keySet();
    return shapes(base.config()).entrySet().stream()
        .map(
            bias ->
                own.contains(bias.getKey())
                    ? base.weight(bias.getKey())
                    : Tensor.ofFloats(
                        bias.getKey(), bias.getValue(), new float[bias.getValue()[0]]))
        .toList();
  }

  @Override
  public void write(ObjectNode json, DecoderConfig base) {
    json.put("bias", "all");
  }

  @Override
  public Map<String, Float> scalars() {
    return Map.of("scale", 1f, "replaces", 1f);
  }
}
