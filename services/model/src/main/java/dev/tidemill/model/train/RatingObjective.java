package dev.tidemill.model.train;

/// How ratings train: Kahneman-Tversky optimization (Ethayarajh et al., 2024).
///
/// @param beta how strongly the model is held to where it started
/// @param goodWeight how much a good answer counts
/// @param badWeight how much a bad answer counts
public record RatingObjective(double beta, double goodWeight, double badWeight) {

  public RatingObjective {
    if (!(beta > 0)) {
      throw new IllegalArgumentException("The beta of ratings must be above 0, not " + beta + ".");
    }
    if (!(goodWeight > 0) || !(badWeight > 0)) {
      throw new IllegalArgumentException(
          "The weights of good and bad answers must be above 0, not %s and %s."
              .formatted(goodWeight, badWeight));
    }
  }
}
