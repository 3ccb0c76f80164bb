package dev.tidemill.model.train;

/// AdamW with decoupled weight decay and clipping by the global gradient norm.
///
/// @param beta1 decay of the first moment
/// @param beta2 decay of the second moment
/// @param epsilon added to the root of the second moment
/// @param weightDecay share of a matrix that decays per unit of learning rate; norms never decay
/// @param clipNorm largest global gradient norm that passes unscaled
/// @param seed of everything random in training (dropout)
public record OptimizerConfig(
    double beta1, double beta2, double epsilon, double weightDecay, double clipNorm, long seed) {

  public OptimizerConfig {
    requireShare("beta1", beta1);
    requireShare("beta2", beta2);
    if (!(epsilon > 0)) {
      throw new IllegalArgumentException(
          "The optimizer's epsilon must be above 0, not " + epsilon + ".");
    }
    if (!(weightDecay >= 0)) {
      throw new IllegalArgumentException(
          "The weight decay must not be negative, but is " + weightDecay + ".");
    }
    if (!(clipNorm > 0)) {
      throw new IllegalArgumentException("The clip norm must be above 0, not " + clipNorm + ".");
    }
  }

  /// What pre-training of small decoders usually takes.
  public static OptimizerConfig defaults(long seed) {
    return new OptimizerConfig(0.9, 0.95, 1e-8, 0.01, 1.0, seed);
  }

  private static void requireShare(String name, double value) {
    if (!(value >= 0 && value < 1)) {
      throw new IllegalArgumentException(
          "The optimizer's "
              + name
              + " must be from 0 up to but not including 1, not "
              + value
              + ".");
    }
  }
}
