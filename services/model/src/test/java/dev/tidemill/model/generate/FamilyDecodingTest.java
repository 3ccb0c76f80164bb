package dev.tidemill.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.Fixture;
import dev.tidemill.model.FullLogits;
import dev.tidemill.model.LoraConfig;
import dev.tidemill.model.TinyModel;
import dev.tidemill.model.WeightFormat;
import dev.tidemill.model.train.Precision;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/// The whole forward, without a cache, of plain weights is what everything is held against. Prompts
/// are longer than every window among the families.
class FamilyDecodingTest {
  private static final Sampler GREEDY = new Sampler(SamplingParameters.greedy(99));

  @TempDir Path folder;

  @ParameterizedTest
  @FieldSource("dev.tidemill.model.Fixture#FAMILIES")
  void decodingWithTheCacheEqualsTheWholeForward(String family) {
    Fixture fixture = Fixture.of(family);
    Path stored = fixture.copyBase(folder.resolve("base"));
    try (BaseModel base = BaseModel.load(stored, WeightFormat.FP32);
        BaseModel served = BaseModel.loadToServe(stored, WeightFormat.FP32);
        Adapter adapter = Adapter.load(fixture.folder().resolve("adapter"), base.config())) {
      for (@Nullable Adapter each : new Adapter[] {null, adapter}) {
        float[][] whole = FullLogits.of(base, each, prompt(fixture));
        equal(base, each, whole, fixture, 1e-4f);
        equal(served, each, whole, fixture, 1e-4f);
      }
    }
  }

  @ParameterizedTest
  @FieldSource("dev.tidemill.model.Fixture#FAMILIES")
  void bf16AndInt8AreCloseToTheWholeForward(String family) {
    Fixture fixture = Fixture.of(family);
    Path stored = fixture.copyBase(folder.resolve("base"));
    try (BaseModel base = BaseModel.load(stored, WeightFormat.BF16);
        BaseModel bf16 = BaseModel.loadToServe(stored, WeightFormat.BF16);
        BaseModel int8 = BaseModel.loadToServe(stored, WeightFormat.INT8);
        Adapter adapter = Adapter.load(fixture.folder().resolve("adapter"), base.config())) {
      for (@Nullable Adapter each : new Adapter[] {null, adapter}) {
        float[][] whole = FullLogits.of(base, each, prompt(fixture), Precision.BF16);
        equal(base, each, whole, fixture, 6e-2f);
        equal(bf16, each, whole, fixture, 6e-2f);
        equal(int8, each, whole, fixture, 2e-1f);
      }
    }
  }

  /// Prompts read whole and in chunks of 3, then token after token.
  private static void equal(
      BaseModel base, @Nullable Adapter adapter, float[][] whole, Fixture fixture, float within) {
    int[] tokens = prompt(fixture);
    try (Generator generator = new Generator(base);
        Generator chunked = new Generator(base);
        KvPool pool = KvPool.of(1 << 22)) {
      chunked.cacheIn(pool, 3);
      for (Generator each : List.of(generator, chunked)) {
        for (int length = 1; length < tokens.length; length += 1 + length / 2) {
          try (DecodeState state = each.start(Arrays.copyOf(tokens, length), adapter)) {
            assertThat(each.logits(state)).containsExactly(whole[length - 1], within(within));
          }
        }
        try (DecodeState state = each.start(Arrays.copyOf(tokens, 3), adapter)) {
          for (int at = 3; at < tokens.length; at++) {
            state.append(tokens[at]);
            assertThat(each.logits(state)).containsExactly(whole[at], within(within));
          }
        }
      }
      assertThat(pool.used()).isZero();
    }
  }

  @ParameterizedTest
  @FieldSource("dev.tidemill.model.Fixture#FAMILIES")
  void rowsWithDifferentAdaptersEqualEachAlone(String family) {
    Fixture fixture = Fixture.of(family);
    Path stored = fixture.copyBase(folder.resolve("base"));
    int[] tokens = prompt(fixture);
    try (BaseModel base = BaseModel.load(stored, WeightFormat.FP32);
        BaseModel served = BaseModel.loadToServe(stored, WeightFormat.FP32);
        Generator generator = new Generator(served);
        Adapter wide = TinyModel.adapter(folder, base.config(), LoraConfig.allLinears(4, 8), 1);
        Adapter other = TinyModel.adapter(folder, base.config(), LoraConfig.allLinears(2, 3), 2);
        Adapter given = Adapter.load(fixture.folder().resolve("adapter"), base.config())) {
      List<@Nullable Adapter> adapters = Arrays.asList(null, wide, given, other, wide);
      List<DecodeState> states = new ArrayList<>();
      for (int i = 0; i < adapters.size(); i++) {
        states.add(generator.start(Arrays.copyOf(tokens, 2 + i), adapters.get(i)));
      }
      for (int step = 0; step < 3; step++) {
        List<int[]> before = states.stream().map(DecodeState::tokens).toList();
        generator.nextAll(states, states.stream().map(state -> GREEDY).toList());
        for (int i = 0; i < states.size(); i++) {
          float[][] alone = FullLogits.of(base, adapters.get(i), before.get(i));
          assertThat(states.get(i).logits())
              .containsExactly(alone[alone.length - 1], within(1e-4f));
        }
      }
      states.forEach(DecodeState::close);
    }
  }

  private static int[] prompt(Fixture fixture) {
    return Fixture.ints(fixture.expected().path("prompt"));
  }
}
