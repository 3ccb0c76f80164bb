package dev.tidemill.model.generate;

/// Says which tokens of one answer may be drawn. Used by one thread.
public interface TokenConstraint {

  /// Makes the logits of all tokens that may not be drawn next negative infinity.
  void mask(float[] logits);

  /// This token has been drawn.
  void drawn(int token);

  /// Whether the answer is complete, so that nothing may follow.
  boolean complete();
}
