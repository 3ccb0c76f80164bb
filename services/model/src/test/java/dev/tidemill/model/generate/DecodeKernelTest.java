package dev.tidemill.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.Fixture;
import dev.tidemill.model.LoraConfig;
import dev.tidemill.model.TinyModel;
import dev.tidemill.model.WeightFormat;
import dev.tidemill.model.kernel.Kernels;
import dev.tidemill.model.program.Processor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/// Few rows are decoded by the JVM itself. That what they give is right, FamilyDecodingTest holds
/// against the whole forward.
class DecodeKernelTest {
  @TempDir Path folder;

  @BeforeEach
  void processorWithBlocks() {
    assumeTrue(Processor.packsBf16(), "The engine lays out nothing in bf16 on this processor.");
    assertThat(Kernels.available()).as("the kernels, once the engine is loaded").isTrue();
  }

  @ParameterizedTest
  @FieldSource("dev.tidemill.model.Fixture#FAMILIES")
  void everyFamilyIsDecodedByIt(String family) {
    Path stored = Fixture.of(family).copyBase(folder.resolve("base"));
    for (WeightFormat format : List.of(WeightFormat.BF16, WeightFormat.INT8)) {
      try (BaseModel base = BaseModel.loadToServe(stored, format)) {
        assertThat(DecodeKernel.of(base).map(DecodeKernelTest::closed))
            .as("%s", format)
            .isPresent();
      }
    }
  }

  private static boolean closed(DecodeKernel kernel) {
    kernel.close();
    return true;
  }

  @Test
  void aRowIsTheSameToTheBitInWhicheverCompany() {
    TinyModel.load(folder, false, 3).close();
    try (BaseModel base = BaseModel.loadToServe(folder.resolve("base"), WeightFormat.BF16);
        Generator generator = new Generator(base);
        Adapter narrow = adapter(base, 16, 1);
        Adapter wide = adapter(base, 16, 2)) {
      List<@Nullable Adapter> adapters = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        adapters.add(i % 3 == 0 ? null : i % 3 == 1 ? narrow : wide);
      }
      for (int most : new int[] {2, 3, 5, 8}) {
        float[][] together = logits(generator, adapters.subList(0, most));
        for (int i = 0; i < most; i++) {
          assertThat(one(generator, adapters.get(i), i)).containsExactly(together[i]);
        }
      }
    }
  }

  @Test
  void moreRowsThanItTakesAreDecodedByTheProgram() {
    TinyModel.load(folder, true, 3).close();
    try (BaseModel base = BaseModel.loadToServe(folder.resolve("base"), WeightFormat.BF16);
        Generator generator = new Generator(base)) {
      List<@Nullable Adapter> none = new ArrayList<>();
      for (int i = 0; i < 9; i++) {
        none.add(null);
      }
      float[][] together = logits(generator, none);
      for (int i = 0; i < 9; i++) {
        assertThat(one(generator, null, i)).containsExactly(together[i], within(6e-2f));
      }
    }
  }

  private Adapter adapter(BaseModel base, int rank, long seed) {
    return TinyModel.adapter(folder, base.config(), LoraConfig.allLinears(rank, 2 * rank), seed);
  }

  private static float[] one(Generator generator, @Nullable Adapter adapter, int seed) {
    try (DecodeState state = start(generator, adapter, seed)) {
      return generator.logits(state);
    }
  }

  /// The logits of sequences that were decoded together.
  private static float[][] logits(Generator generator, List<@Nullable Adapter> adapters) {
    List<DecodeState> states = new ArrayList<>();
    List<Sampler> samplers = new ArrayList<>();
    for (int i = 0; i < adapters.size(); i++) {
      states.add(start(generator, adapters.get(i), i));
      samplers.add(new Sampler(SamplingParameters.greedy(1)));
    }
    generator.nextAll(states, samplers);
    float[][] logits = states.stream().map(DecodeState::logits).toArray(float[][]::new);
    states.forEach(DecodeState::close);
    return logits;
  }

  /// A prompt of its own length, after which one token more was drawn.
  private static DecodeState start(Generator generator, @Nullable Adapter adapter, int seed) {
    int[] prompt = new Random(seed).ints(3L + seed, 5, 300).toArray();
    DecodeState state = generator.start(prompt, adapter);
    state.append(7 + seed);
    return state;
  }
}
