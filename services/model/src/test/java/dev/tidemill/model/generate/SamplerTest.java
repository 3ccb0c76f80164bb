package dev.tidemill.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class SamplerTest {
  private static final float[] LOGITS = {
    (float) Math.log(0.5), (float) Math.log(0.3), (float) Math.log(0.15), (float) Math.log(0.05)
  };

  @Test
  void temperatureZeroTakesTheLikeliest() {
    Sampler sampler = new Sampler(SamplingParameters.greedy(1));
    assertThat(sampler.sample(new float[] {1, 3, 2, 3})).isEqualTo(1);
    assertThat(sampler.sample(new float[] {Float.NaN, -1, Float.NaN})).isEqualTo(1);
    assertThatThrownBy(() -> sampler.sample(new float[] {Float.NaN}))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void tokensAreDrawnAsOftenAsTheyAreLikely() {
    assertThat(shares(1, 1)).containsExactly(new double[] {0.5, 0.3, 0.15, 0.05}, within(0.02));
    double total = Math.sqrt(0.5) + Math.sqrt(0.3) + Math.sqrt(0.15) + Math.sqrt(0.05);
    assertThat(shares(2, 1)[0]).isCloseTo(Math.sqrt(0.5) / total, within(0.02));
  }

  @Test
  void topPDrawsFromTheFewestThatReachIt() {
    assertThat(shares(1, 0.8)).containsExactly(new double[] {0.625, 0.375, 0, 0}, within(0.02));
    assertThat(shares(1, 0.5)).containsExactly(new double[] {1, 0, 0, 0}, within(1e-9));
    assertThat(shares(1, 0.0001)).containsExactly(new double[] {1, 0, 0, 0}, within(1e-9));
  }

  private static double[] shares(double temperature, double topP) {
    Sampler sampler = new Sampler(new SamplingParameters(temperature, topP, 3, 1, List.of()));
    double[] shares = new double[4];
    for (int i = 0; i < 20_000; i++) {
      shares[sampler.sample(LOGITS)] += 1 / 20_000.0;
    }
    return shares;
  }
}
