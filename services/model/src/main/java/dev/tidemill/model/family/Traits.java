package dev.tidemill.model.family;

import java.util.Set;

/// What a family asks of the decoder.
///
/// @param positions how a position is told
/// @param layerNorm whether norms subtract the mean and have a bias, or divide by the mean square
///     alone
/// @param gated whether the feed-forward block is SiLU-gated, or one GELU (by tanh)
/// @param fusedAttention whether queries, keys and values come of one linear, `qkv_proj`
/// @param biases last names, in Llama's words, of the linears that have a bias
/// @param queryKeyNorm whether queries and keys are normed, each head for itself
/// @param window how far back attention sees
public record Traits(
    Positions positions,
    boolean layerNorm,
    boolean gated,
    boolean fusedAttention,
    Set<String> biases,
    boolean queryKeyNorm,
    Window window) {

  /// How a position is told.
  public sealed interface Positions permits Rotary, Learned {}

  /// Queries and keys are turned.
  ///
  /// @param theta base of the frequencies
  public record Rotary(double theta, RopeScaling scaling) implements Positions {
    public Rotary {
      if (!(theta > 0)) {
        throw new IllegalArgumentException("rope_theta must be above 0, but is " + theta + ".");
      }
    }
  }

  /// A row for each position is added to the embedding.
  public record Learned() implements Positions {}

  public Traits {
    biases = Set.copyOf(biases);
  }

  /// A plain Llama.
  public static Traits llama(double theta) {
    return llama(new Rotary(theta, RopeScaling.NONE), Set.of(), false, Window.NONE);
  }

  static Traits llama(Rotary rotary, Set<String> biases, boolean queryKeyNorm, Window window) {
    return new Traits(rotary, false, true, false, biases, queryKeyNorm, window);
  }
}
