package dev.tidemill.inference.domain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.model.generate.Penalties;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The fields that say how tokens are drawn: OpenAI's, and `top_k`, `min_p` and
/// `repetition_penalty` as other servers name them.
final class DrawFields {
  private static final int MOST_BIASES = 1024;

  private DrawFields() {}

  static AnswerRequest.Draw read(JsonFields fields) {
    @Nullable Double temperature =
        fields.has("temperature") ? within(fields, "temperature", 1, 0, 2) : null;
    @Nullable Double topP = fields.has("top_p") ? fields.number("top_p", 1) : null;
    if (topP != null && !(topP > 0 && topP <= 1)) {
      throw ApiProblems.invalid("top_p", "top_p must be above 0 and at most 1, not " + topP);
    }
    double minP = within(fields, "min_p", 0, 0, 1);
    @Nullable Double repetition =
        fields.has("repetition_penalty") ? fields.number("repetition_penalty", 1) : null;
    if (repetition != null && !(repetition > 0 && repetition <= 10)) {
      throw ApiProblems.invalid(
          "repetition_penalty",
          "repetition_penalty must be above 0 and at most 10, not " + repetition);
    }
    Penalties penalties =
        new Penalties(
            1,
            within(fields, "presence_penalty", 0, -2, 2),
            within(fields, "frequency_penalty", 0, -2, 2),
            bias(fields.take("logit_bias")));
    return new AnswerRequest.Draw(temperature, topP, topK(fields), minP, repetition, penalties);
  }

  private static double within(
      JsonFields fields, String name, double otherwise, int least, int most) {
    double value = fields.number(name, otherwise);
    if (!(value >= least && value <= most)) {
      throw ApiProblems.invalid(
          name, "%s must be from %d to %d, not %s".formatted(name, least, most, value));
    }
    return value;
  }

  // -1 is how other servers' clients say "no bound".
  private static @Nullable Integer topK(JsonFields fields) {
    @Nullable Long topK = fields.integer("top_k");
    if (topK == null) {
      return null;
    }
    if (topK == -1) {
      return 0;
    }
    if (topK < 0) {
      throw ApiProblems.invalid("top_k", "top_k must be 0 (no bound) or more, not " + topK);
    }
    return (int) Math.min(topK, Integer.MAX_VALUE);
  }

  private static Map<Integer, Double> bias(@Nullable JsonNode value) {
    if (value == null) {
      return Map.of();
    }
    if (!(value instanceof ObjectNode object)) {
      throw ApiProblems.invalid(
          "logit_bias", "logit_bias must be an object" + JsonFields.not(value));
    }
    if (object.size() > MOST_BIASES) {
      throw ApiProblems.invalid(
          "logit_bias", "logit_bias may hold " + MOST_BIASES + " tokens, not " + object.size());
    }
    Map<Integer, Double> bias = new HashMap<>();
    for (Map.Entry<String, JsonNode> entry : object.properties()) {
      String at = "logit_bias." + entry.getKey();
      JsonNode number = entry.getValue();
      if (!entry.getKey().matches("[0-9]{1,9}")) {
        throw ApiProblems.invalid(
            "logit_bias", "logit_bias must be keyed by token ids, not '" + entry.getKey() + "'");
      }
      if (!number.isNumber() || !(Math.abs(number.doubleValue()) <= 100)) {
        throw ApiProblems.invalid(
            "logit_bias", at + " must be a number from -100 to 100" + JsonFields.not(number));
      }
      bias.put(Integer.parseInt(entry.getKey()), number.doubleValue());
    }
    return bias;
  }
}
