package dev.tidemill.model.generate;

import java.util.Map;

/// What makes tokens likelier or less likely than the model finds them, before one is drawn.
///
/// @param repetition divides positive and multiplies negative logits of tokens in the prompt or the
///   answer; 1 changes nothing
/// @param presence is taken off the logit of a token that the answer has
/// @param frequency is taken off the logit of a token for each time the answer has it
/// @param bias is added to the logits of these tokens
public record Penalties(
    double repetition, double presence, double frequency, Map<Integer, Double> bias) {
  /// Changes nothing.
  public static final Penalties NONE = new Penalties(1, 0, 0, Map.of());

  public Penalties {
    if (!(repetition > 0) || !Double.isFinite(repetition)) {
      throw new IllegalArgumentException(
          "repetition_penalty must be above 0, but is " + repetition + ".");
    }
    if (!Double.isFinite(presence)) {
      throw new IllegalArgumentException(
          "presence_penalty must be a number, but is " + presence + ".");
    }
    if (!Double.isFinite(frequency)) {
      throw new IllegalArgumentException(
          "frequency_penalty must be a number, but is " + frequency + ".");
    }
    bias = Map.copyOf(bias);
    bias.forEach(
        (token, value) -> {
          if (token < 0 || !Double.isFinite(value)) {
            throw new IllegalArgumentException(
                "logit_bias must map token ids to numbers, but has " + token + ": " + value + ".");
          }
        });
  }

  boolean changeNothing() {
    return repetition == 1 && presence == 0 && frequency == 0 && bias.isEmpty();
  }
}
