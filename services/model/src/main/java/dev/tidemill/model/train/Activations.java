package dev.tidemill.model.train;

/// What becomes of the intermediate values of a layer until its gradients are taken.
public enum Activations {
  /// They are kept.
  KEPT,

  /// They are computed again, one layer at a time: a third more work for a step, and memory for one
  /// layer instead of all. For adapters without dropout, learning answers or text; preferences keep
  /// theirs.
  RECOMPUTED
}
