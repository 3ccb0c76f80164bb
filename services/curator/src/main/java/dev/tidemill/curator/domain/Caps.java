package dev.tidemill.curator.domain;

import java.time.Duration;

/// How evidence is damped. Inside one window the first `free` pieces of one subject count fully,
/// the n-th after them (free / n) squared; the same for a producer over all its subjects. What
/// would weigh less than `minimumWeight` is refused.
///
/// @param window over which evidence is counted; 10 minutes unless told
/// @param free pieces of one subject at full weight; 20 unless told
/// @param producerFree pieces of one producer at full weight, over all partitions; 5,000 unless
///   told. Each partition grants its share
/// @param minimumWeight least weight of an example; 0.1 unless told
/// @param agreementWindow for how long corrections of one prompt are held against each other; 6
///   hours unless told
public record Caps(
    Duration window, int free, int producerFree, double minimumWeight, Duration agreementWindow) {
  public static final Caps DEFAULT = new Caps(Duration.ofMinutes(10), 0, 0, 0, Duration.ofHours(6));

  public Caps {
    window = window == null ? Duration.ofMinutes(10) : window;
    free = free == 0 ? 20 : free;
    producerFree = producerFree == 0 ? 5_000 : producerFree;
    minimumWeight = minimumWeight == 0 ? 0.1 : minimumWeight;
    agreementWindow = agreementWindow == null ? Duration.ofHours(6) : agreementWindow;
    if (window.isNegative() || window.isZero()) {
      throw new IllegalArgumentException("window must be positive, was " + window);
    }
    if (free < 1) {
      throw new IllegalArgumentException("free must be positive, was " + free);
    }
    if (producerFree < free) {
      throw new IllegalArgumentException(
          "producer_free must be at least free, was " + producerFree);
    }
    if (!(minimumWeight > 0 && minimumWeight <= 1)) {
      throw new IllegalArgumentException("minimum_weight must be in (0, 1], was " + minimumWeight);
    }
    if (agreementWindow.isNegative() || agreementWindow.isZero()) {
      throw new IllegalArgumentException(
          "agreement_window must be positive, was " + agreementWindow);
    }
  }
}
