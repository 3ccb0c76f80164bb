package dev.tidemill.model.train;

/// The learning rate of every step, a pure function of the step number, so that a resumed run
/// goes on as if it had not stopped.
public sealed interface LearningRateSchedule {

  /// The learning rate of a step, counted from 0.
  double at(long step);

  /// The same rate for ever.
  record Constant(double rate) implements LearningRateSchedule {
    @Override
    public double at(long step) {
      return rate;
    }
  }

  /// From `peak` at step 0 straight down to `floor` at `steps` and after.
  record Linear(double peak, double floor, long steps) implements LearningRateSchedule {
    @Override
    public double at(long step) {
      return floor + (peak - floor) * (1 - progress(step, steps));
    }
  }

  /// From `peak` at step 0 along half a cosine down to `floor` at `steps` and after.
  record Cosine(double peak, double floor, long steps) implements LearningRateSchedule {
    @Override
    public double at(long step) {
      return floor + (peak - floor) * 0.5 * (1 + Math.cos(Math.PI * progress(step, steps)));
    }
  }

  /// Rises in `warmUpSteps` equal parts to the first rate of `then`, which starts after it.
  record WarmUp(long warmUpSteps, LearningRateSchedule then) implements LearningRateSchedule {
    @Override
    public double at(long step) {
      return step < warmUpSteps
          ? then.at(0) * (step + 1) / (warmUpSteps + 1)
          : then.at(step - warmUpSteps);
    }
  }

  static LearningRateSchedule constant(double rate) {
    return new Constant(rate);
  }

  static LearningRateSchedule linear(double peak, double floor, long steps) {
    return new Linear(peak, floor, steps);
  }

  static LearningRateSchedule cosine(double peak, double floor, long steps) {
    return new Cosine(peak, floor, steps);
  }

  /// This schedule after a warm-up.
  default LearningRateSchedule withWarmUp(long steps) {
    return steps == 0 ? this : new WarmUp(steps, this);
  }

  private static double progress(long step, long steps) {
    return steps <= 0 ? 1 : Math.clamp((double) step / steps, 0, 1);
  }
}
