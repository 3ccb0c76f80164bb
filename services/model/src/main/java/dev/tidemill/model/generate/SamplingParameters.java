package dev.tidemill.model.generate;

import java.util.List;

/// How an answer is drawn.
///
/// @param temperature 0 takes the likeliest token every time
/// @param topP smallest probability mass of the likeliest tokens that are drawn from
/// @param topK most tokens that are drawn from, the likeliest; 0 sets no bound
/// @param minP least probability of a token that is drawn, as a share of the likeliest token's
/// @param penalties what is changed about the logits first
/// @param seed the same seed draws the same answer from the same release
/// @param maxTokens longest answer; 0 draws none
/// @param stop texts that end the answer before they appear in it
public record SamplingParameters(
    double temperature,
    double topP,
    int topK,
    double minP,
    Penalties penalties,
    long seed,
    int maxTokens,
    List<String> stop) {

  public SamplingParameters {
    if (!(temperature >= 0) || !Double.isFinite(temperature)) {
      throw new IllegalArgumentException(
          "The temperature must not be negative, but is " + temperature + ".");
    }
    if (!(topP > 0 && topP <= 1)) {
      throw new IllegalArgumentException(
          "top_p must be above 0 and at most 1, but is " + topP + ".");
    }
    if (topK < 0) {
      throw new IllegalArgumentException("top_k must not be negative, but is " + topK + ".");
    }
    if (!(minP >= 0 && minP <= 1)) {
      throw new IllegalArgumentException("min_p must be from 0 to 1, but is " + minP + ".");
    }
    if (maxTokens < 0) {
      throw new IllegalArgumentException(
          "max_tokens must not be negative, but is " + maxTokens + ".");
    }
    if (stop.stream().anyMatch(String::isEmpty)) {
      throw new IllegalArgumentException("A stop text must not be empty.");
    }
    stop = List.copyOf(stop);
  }

  /// From all tokens, or the likeliest that reach `topP`.
  public SamplingParameters(
      double temperature, double topP, long seed, int maxTokens, List<String> stop) {
    this(temperature, topP, 0, 0, Penalties.NONE, seed, maxTokens, stop);
  }

  /// The same with another seed.
  public SamplingParameters withSeed(long other) {
    return new SamplingParameters(temperature, topP, topK, minP, penalties, other, maxTokens, stop);
  }

  /// The likeliest token every time.
  public static SamplingParameters greedy(int maxTokens) {
    return new SamplingParameters(0, 1, 0, maxTokens, List.of());
  }
}
