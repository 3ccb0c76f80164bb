package dev.tidemill.inference.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StickyArmTest {
  private static final int USERS = 50_000;

  @Test
  void shareOfUsersIsTheWeightWithinFiveStandardDeviations() {
    for (double weight : new double[] {0.01, 0.1, 0.5, 0.9}) {
      for (String salt : new String[] {"", "salt", "another"}) {
        double deviation = Math.sqrt(weight * (1 - weight) / USERS);
        assertThat(share(weight, salt)).isBetween(weight - 5 * deviation, weight + 5 * deviation);
      }
    }
  }

  @Test
  void fractionsAreUniform() {
    int[] bins = new int[100];
    IntStream.range(0, USERS)
        .forEach(i -> bins[(int) (StickyArm.fraction("salt", "user-" + i) * bins.length)]++);
    double expected = (double) USERS / bins.length;
    double chiSquare =
        IntStream.of(bins).mapToDouble(n -> (n - expected) * (n - expected) / expected).sum();
    // 99 degrees of freedom: 148 is passed with probability 0.001.
    assertThat(chiSquare).isLessThan(148);
  }

  @Test
  void raisingTheWeightOnlyAddsUsers() {
    for (int i = 0; i < 5_000; i++) {
      String user = "user-" + i;
      boolean before = false;
      for (double weight = 0; weight <= 1; weight += 0.05) {
        boolean now = StickyArm.isCanary(weight, "salt", user);
        assertThat(before && !now).isFalse();
        before = now;
      }
    }
  }

  @Test
  void anotherSaltDealsAnew() {
    long both =
        IntStream.range(0, USERS)
            .filter(
                i ->
                    StickyArm.isCanary(0.1, "one", "user-" + i)
                        && StickyArm.isCanary(0.1, "two", "user-" + i))
            .count();
    // Independent: a hundredth, plus or minus five deviations.
    assertThat((double) both / USERS).isBetween(0.0078, 0.0122);
  }

  @Test
  void saltAndUserAreKeptApart() {
    assertThat(StickyArm.fraction("a", "bc")).isNotEqualTo(StickyArm.fraction("ab", "c"));
  }

  @Test
  void fractionIsWhatEveryReplicaComputes() {
    // The first 64 bits of sha256("salt\0user-1"), as a fraction of 2^64.
    assertThat(StickyArm.fraction("salt", "user-1")).isEqualTo(0.20431016746293773);
  }

  private static double share(double weight, String salt) {
    return IntStream.range(0, USERS)
            .filter(i -> StickyArm.isCanary(weight, salt, "user-" + i))
            .count()
        / (double) USERS;
  }
}
