package dev.tidemill.model;

/// How the matrices of a fresh base are drawn: normal around zero with these standard deviations.
///
/// A narrow decoder needs wider draws than the usual 0.02: about `1 / sqrt(hiddenSize)`.
///
/// @param matrices of every linear; with `scaledResiduals` those that write into the residual
///     stream (`o_proj`, `down_proj`) are divided by `sqrt(2 * layers)`
/// @param embedding of the embeddings, learned positions among them, and of an untied head
/// @param scaledResiduals whether the residual writers are scaled down
public record Initialisation(double matrices, double embedding, boolean scaledResiduals) {
  /// What Transformers does by default.
  public static final Initialisation TRANSFORMERS = new Initialisation(0.02, 0.02, false);

  public Initialisation {
    if (!(matrices > 0) || !(embedding > 0)) {
      throw new IllegalArgumentException(
          "Standard deviations must be above 0, but are " + matrices + " and " + embedding + ".");
    }
  }

  /// The standard deviation of a weight by its own name.
  public double deviation(String name, int layers) {
    if (name.contains("embed_") || name.contains("lm_head")) {
      return embedding;
    }
    boolean writesResidual = name.contains("o_proj") || name.contains("down_proj");
    return scaledResiduals && writesResidual ? matrices / Math.sqrt(2.0 * layers) : matrices;
  }
}
