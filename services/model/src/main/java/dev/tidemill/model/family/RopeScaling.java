package dev.tidemill.model.family;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.model.JsonFile;

/// How rotary frequencies are stretched for long contexts, as Llama 3 does: those that turn fewer
/// than `lowFrequency` times within the original context are divided by `factor`, those that turn
/// more than `highFrequency` times stay, and between them one goes over into the other.
///
/// @param factor 1 leaves every frequency as it is
/// @param originalPositions longest sequence before the stretching
public record RopeScaling(
    double factor, double lowFrequency, double highFrequency, int originalPositions) {
  public static final RopeScaling NONE = new RopeScaling(1, 1, 4, 8192);

  private static final double THETA = 10_000.0;

  public RopeScaling {
    if (!(factor >= 1) || !(lowFrequency > 0) || !(highFrequency > lowFrequency)) {
      throw new IllegalArgumentException(
          "Of the rope scaling, factor must be at least 1 and high_freq_factor above"
              + " low_freq_factor, but they are "
              + factor
              + ", "
              + highFrequency
              + " and "
              + lowFrequency
              + ".");
    }
    if (originalPositions < 1) {
      throw new IllegalArgumentException(
          "original_max_position_embeddings must be at least 1, but is " + originalPositions + ".");
    }
  }

  /// The scaling under `rope_parameters`, or under `rope_scaling` as older folders have it.
  static RopeScaling read(JsonFile json) {
    String key = key(json);
    JsonNode node = json.optional(key);
    if (node == null) {
      return NONE;
    }
    String type = node.path("rope_type").asText(node.path("type").asText("default"));
    if (node.path("partial_rotary_factor").asDouble(1) != 1) {
      throw json.fault(key, "has a partial_rotary_factor, which is not supported");
    }
    return switch (type) {
      case "default" -> NONE;
      case "llama3" ->
          new RopeScaling(
              number(json, key, node, "factor"),
              number(json, key, node, "low_freq_factor"),
              number(json, key, node, "high_freq_factor"),
              (int) number(json, key, node, "original_max_position_embeddings"));
      default ->
          throw json.fault(
              key, "has rope_type " + type + ", but only default and llama3 are supported");
    };
  }

  /// The base of the frequencies: newer releases of Transformers write it under
  /// `rope_parameters`.
  static double theta(JsonFile json) {
    JsonNode node = json.optional(key(json));
    if (node != null && node.path("rope_theta").isNumber()) {
      return node.path("rope_theta").asDouble();
    }
    return json.number("rope_theta", THETA);
  }

  void write(ObjectNode json) {
    if (factor != 1) {
      ObjectNode node = json.putObject("rope_scaling");
      node.put("factor", factor);
      node.put("high_freq_factor", highFrequency);
      node.put("low_freq_factor", lowFrequency);
      node.put("original_max_position_embeddings", originalPositions);
      node.put("rope_type", "llama3");
    }
  }

  private static String key(JsonFile json) {
    return json.optional("rope_parameters") == null ? "rope_scaling" : "rope_parameters";
  }

  private static double number(JsonFile json, String key, JsonNode node, String part) {
    JsonNode value = node.path(part);
    if (!value.isNumber()) {
      throw json.fault(key, "has no number " + part);
    }
    return value.asDouble();
  }
}
