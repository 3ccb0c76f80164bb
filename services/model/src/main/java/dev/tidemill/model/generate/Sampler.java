package dev.tidemill.model.generate;

/// Draws tokens of one sequence from its logits. Used by one thread.
public final class Sampler {
  public Sampler(SamplingParameters parameters) {
    throw new UnsupportedOperationException(parameters.toString());
  }

  /// The next token.
  public int sample(float[] logits) {
    throw new UnsupportedOperationException();
  }
}
