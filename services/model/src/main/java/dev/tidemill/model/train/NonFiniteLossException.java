package dev.tidemill.model.train;

/// The loss or a gradient of a step was not finite: the update was refused and neither weights
/// nor optimizer state have changed. The caller decides whether to drop the batch or to stop.
public final class NonFiniteLossException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final long step;
  private final double loss;
  private final double gradientNorm;

  /// @param batch which one it was
  public NonFiniteLossException(long step, double loss, double gradientNorm, String batch) {
    super(
        "Training step "
            + step
            + " was refused: its loss is "
            + loss
            + " and its gradient norm is "
            + gradientNorm
            + ", on "
            + batch
            + ".");
    this.step = step;
    this.loss = loss;
    this.gradientNorm = gradientNorm;
  }

  public long step() {
    return step;
  }

  public double loss() {
    return loss;
  }

  public double gradientNorm() {
    return gradientNorm;
  }
}
