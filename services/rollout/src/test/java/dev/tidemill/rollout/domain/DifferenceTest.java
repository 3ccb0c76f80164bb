package dev.tidemill.rollout.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The proof of the test by simulation. Seeded: the counts below are the same on every machine.
class DifferenceTest {
  private static final double ALPHA = 0.05;

  /// What became of many trials that were looked at after every rating.
  private record Tally(int runs, int better, int worse, double meanRatings) {
    double decided() {
      return (double) (better + worse) / runs;
    }
  }

  @ParameterizedTest
  @CsvSource({"0.1, 0.1", "0.1, 0.5", "0.1, 0.9", "0.5, 0.1", "0.5, 0.5", "0.5, 0.9"})
  void equalArmsAreToldApartNoMoreOftenThanAlpha(double share, double rate) {
    Tally tally = simulate(7, 2_000, 1_000, share, bernoulli(rate), bernoulli(rate));
    report("A/A share " + share + " rate " + rate, tally);
    assertThat(tally.decided()).isLessThanOrEqualTo(ALPHA);
  }

  @ParameterizedTest
  @CsvSource({"0.1, 500", "0.5, 160"})
  void aMuchBetterCanaryWinsSoon(double share, int meanRatings) {
    Tally tally = simulate(11, 500, 4_000, share, bernoulli(0.92), bernoulli(0.48));
    report("0.48 -> 0.92 share " + share, tally);
    assertThat(tally.better()).isEqualTo(tally.runs());
    assertThat(tally.meanRatings()).isLessThan(meanRatings);
  }

  @ParameterizedTest
  @CsvSource({"0.1, 500", "0.5, 160"})
  void aMuchWorseCanaryLosesSoon(double share, int meanRatings) {
    Tally tally = simulate(12, 500, 4_000, share, bernoulli(0.48), bernoulli(0.92));
    report("0.92 -> 0.48 share " + share, tally);
    assertThat(tally.worse()).isEqualTo(tally.runs());
    assertThat(tally.meanRatings()).isLessThan(meanRatings);
  }

  @Test
  void aSlightlyBetterCanaryWinsInTheEnd() {
    Tally tally = simulate(13, 60, 20_000, 0.5, bernoulli(0.85), bernoulli(0.80));
    report("0.80 -> 0.85 share 0.5", tally);
    assertThat(tally.worse()).isZero();
    assertThat(tally.better()).isGreaterThanOrEqualTo(48);
  }

  @Test
  void theIntervalHoldsTheTrueDifferenceOfGradedRatingsAtAllTimes() {
    // Stars as 0, 0.25, 0.5, 0.75, 1 against a smooth distribution on [0, 1].
    ToDoubleFunction<Random> stars = random -> random.nextInt(5) / 4.0;
    ToDoubleFunction<Random> smooth = random -> Math.pow(random.nextDouble(), 0.5);
    double truth = 0.5 - 2.0 / 3;
    int missed = 0;
    int runs = 500;
    for (int run = 0; run < runs; run++) {
      Random random = new Random(1_000 + run);
      BettingArm canary = new BettingArm(ALPHA);
      BettingArm live = new BettingArm(ALPHA);
      boolean miss = false;
      for (int i = 0; i < 600; i++) {
        if (random.nextDouble() < 0.3) {
          canary.add(stars.applyAsDouble(random));
        } else {
          live.add(smooth.applyAsDouble(random));
        }
        if (i % 10 == 0) {
          Difference difference = Difference.of(canary, live, ALPHA);
          miss |= difference.lower() > truth || difference.upper() < truth;
        }
      }
      missed += miss ? 1 : 0;
    }
    System.out.println("coverage misses " + missed + " of " + runs);
    assertThat(missed / (double) runs).isLessThanOrEqualTo(ALPHA);
  }

  @Test
  void theIntervalBeginsWideNarrowsAndMirrors() {
    BettingArm canary = new BettingArm(ALPHA);
    BettingArm live = new BettingArm(ALPHA);
    assertThat(Difference.of(canary, live, ALPHA)).isEqualTo(new Difference(-1, 1));
    for (int i = 0; i < 400; i++) {
      canary.add(i % 10 == 0 ? 0 : 1);
      live.add(i % 2);
    }
    Difference difference = Difference.of(canary, live, ALPHA);
    assertThat(difference.lower()).isBetween(0.2, 0.4);
    assertThat(difference.upper()).isBetween(0.4, 0.6);
    Difference mirrored = Difference.of(live, canary, ALPHA);
    assertThat(mirrored.lower()).isEqualTo(-difference.upper());
    assertThat(mirrored.upper()).isEqualTo(-difference.lower());
    canary.clear();
    assertThat(canary.count()).isZero();
    assertThat(Difference.of(canary, new BettingArm(ALPHA), ALPHA))
        .isEqualTo(new Difference(-1, 1));
  }

  private static ToDoubleFunction<Random> bernoulli(double rate) {
    return random -> random.nextDouble() < rate ? 1 : 0;
  }

  private static Tally simulate(
      int seed,
      int runs,
      int ratings,
      double share,
      ToDoubleFunction<Random> canaryRating,
      ToDoubleFunction<Random> liveRating) {
    int better = 0;
    int worse = 0;
    long looked = 0;
    Random random = new Random(seed);
    for (int run = 0; run < runs; run++) {
      BettingArm canary = new BettingArm(ALPHA);
      BettingArm live = new BettingArm(ALPHA);
      int at = 0;
      while (at < ratings) {
        at++;
        if (random.nextDouble() < share) {
          canary.add(canaryRating.applyAsDouble(random));
        } else {
          live.add(liveRating.applyAsDouble(random));
        }
        if (Difference.greater(canary, live, ALPHA / 2)) {
          better++;
          break;
        }
        if (Difference.greater(live, canary, ALPHA / 2)) {
          worse++;
          break;
        }
      }
      looked += at;
    }
    return new Tally(runs, better, worse, (double) looked / runs);
  }

  private static void report(String what, Tally tally) {
    System.out.println(what + ": " + tally);
  }
}
