package dev.tidemill.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
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

  @Test
  void topKAndMinPLeaveTheUnlikelyOut() {
    assertThat(shares(draw(1, 2, 0)))
        .containsExactly(new double[] {0.625, 0.375, 0, 0}, within(0.02));
    // Of the two that top_k leaves, the first has 0.625 of their mass and so reaches top_p alone.
    assertThat(shares(draw(0.6, 2, 0))).containsExactly(new double[] {1, 0, 0, 0}, within(1e-9));
    assertThat(shares(draw(1, 0, 0.35)))
        .containsExactly(new double[] {0.625, 0.375, 0, 0}, within(0.02));
    assertThat(shares(draw(1, 100, 0)))
        .containsExactly(new double[] {0.5, 0.3, 0.15, 0.05}, within(0.02));
  }

  @Test
  void aBiasMakesATokenLikelierOrImpossible() {
    Map<Integer, Double> bias = Map.of(0, -100.0, 3, Math.log(6));
    assertThat(shares(penalised(1, new Penalties(1, 0, 0, bias))))
        .containsExactly(new double[] {0, 0.4, 0.2, 0.4}, within(0.02));
  }

  @Test
  void presenceCountsOnceAndFrequencyEachTime() {
    Sampler presence = new Sampler(penalised(0, new Penalties(1, 1, 0, Map.of())));
    assertThat(greedy(presence, new float[] {5, 4.5f, 3.9f}, 4)).containsExactly(0, 1, 0, 0);
    Sampler frequency = new Sampler(penalised(0, new Penalties(1, 0, 1, Map.of())));
    assertThat(greedy(frequency, new float[] {5, 4.5f, 3.9f}, 5)).containsExactly(0, 1, 0, 2, 1);
  }

  @Test
  void repetitionCountsThePromptAndBothSigns() {
    SamplingParameters parameters = penalised(0, new Penalties(2, 0, 0, Map.of()));
    assertThat(greedy(new Sampler(parameters, 0), new float[] {5, 3, 2}, 2)).containsExactly(1, 0);
    assertThat(greedy(new Sampler(parameters, 0), new float[] {-2, -3, -9}, 2))
        .containsExactly(1, 0);
  }

  private static SamplingParameters draw(double topP, int topK, double minP) {
    return new SamplingParameters(1, topP, topK, minP, Penalties.NONE, 3, 1, List.of());
  }

  private static SamplingParameters penalised(double temperature, Penalties penalties) {
    return new SamplingParameters(temperature, 1, 0, 0, penalties, 3, 1, List.of());
  }

  private static List<Integer> greedy(Sampler sampler, float[] logits, int times) {
    return Stream.generate(() -> sampler.sample(logits)).limit(times).toList();
  }

  private static double[] shares(double temperature, double topP) {
    return shares(new SamplingParameters(temperature, topP, 3, 1, List.of()));
  }

  private static double[] shares(SamplingParameters parameters) {
    Sampler sampler = new Sampler(parameters);
    double[] shares = new double[4];
    for (int i = 0; i < 20_000; i++) {
      shares[sampler.sample(LOGITS)] += 1 / 20_000.0;
    }
    return shares;
  }
}
