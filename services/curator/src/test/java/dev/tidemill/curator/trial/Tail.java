package dev.tidemill.curator.trial;

import java.util.Random;

/// How unevenly honest subjects are busy. Both have a median of about 5 pieces.
public enum Tail {
  /// Log-normal: the busiest tenth gives a third of all.
  LOG_NORMAL(50) {
    @Override
    double draw(Random random) {
      return 5 * Math.exp(0.85 * random.nextGaussian());
    }
  },
  /// A power law: the busiest tenth gives half of all.
  POWER(100) {
    @Override
    double draw(Random random) {
      return 3 * Math.pow(1 - random.nextDouble(), -1 / 1.3);
    }
  };

  private final int most;

  Tail(int most) {
    this.most = most;
  }

  abstract double draw(Random random);

  /// How many pieces one subject gives.
  int pieces(Random random) {
    return Math.clamp(Math.round(draw(random)), 1, most);
  }
}
