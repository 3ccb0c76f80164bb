package dev.tidemill.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.FullLogits;
import dev.tidemill.model.LoraConfig;
import dev.tidemill.model.TinyModel;
import dev.tidemill.model.WeightFormat;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Low-rank adapters, however they are shaped and however many, decode in one batch as each does
/// alone.
class LoraSlotsTest {
  private static final int STEPS = 4;

  @TempDir Path folder;
  private BaseModel plain;
  private BaseModel served;
  private Generator generator;
  private final List<@Nullable Adapter> adapters = new ArrayList<>();

  @BeforeEach
  void load() {
    plain = TinyModel.load(folder, false, 21);
    served = BaseModel.loadToServe(folder.resolve("base"), WeightFormat.FP32);
    generator = new Generator(served);
  }

  @AfterEach
  void close() {
    generator.close();
    for (@Nullable Adapter adapter : adapters) {
      if (adapter != null) {
        adapter.close();
      }
    }
    served.close();
    plain.close();
  }

  @Test
  void ranksAndLinearsMayDiffer() {
    adapters.add(null);
    add(LoraConfig.allLinears(2, 8));
    add(new LoraConfig(4, 4, List.of("q_proj", "v_proj"), 0, false));
    add(new LoraConfig(8, 4, List.of("up_proj", "down_proj", "k_proj"), 0, true));
    adapters.add(null);
    add(LoraConfig.allLinears(3, 3));
    // The tables are made anew while sequences are under way.
    List<DecodeState> states = new ArrayList<>();
    for (int i = 0; i < adapters.size(); i++) {
      states.add(begin(i));
      step(states);
    }
    judge(states);
  }

  @Test
  void moreThanThereAreSlotsMayDecodeAtOnceAndComeAndGo() {
    LoraConfig lora = LoraConfig.allLinears(4, 8);
    for (int i = 0; i < 11; i++) {
      add(lora);
    }
    List<DecodeState> states = new ArrayList<>();
    for (int i = 0; i < adapters.size(); i++) {
      states.add(begin(i));
    }
    step(states);
    judge(states);
    // Each of these takes the slot of one that has ended, or finds its own.
    for (int round = 0; round < 3; round++) {
      List<DecodeState> few = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        add(lora);
      }
      for (int i : List.of(round, adapters.size() - 1, 5, adapters.size() - 9)) {
        few.add(begin(i));
      }
      step(few);
      judge(few);
    }
  }

  private void add(LoraConfig lora) {
    adapters.add(TinyModel.adapter(folder, plain.config(), lora, 100 + adapters.size()));
  }

  private DecodeState begin(int number) {
    return generator.start(new Random(number).ints(6, 5, 320).toArray(), adapters.get(number));
  }

  private void step(List<DecodeState> states) {
    for (int i = 0; i < STEPS; i++) {
      generator.nextAll(states, states.stream().map(state -> anyToken()).toList());
    }
  }

  /// Holds the logits of a batch against those of each sequence read as a whole.
  private void judge(List<DecodeState> states) {
    step(states);
    for (DecodeState state : states) {
      int[] tokens = state.tokens();
      float[][] alone = FullLogits.of(plain, state.adapter(), tokens);
      // The last token is drawn from these, and not read yet.
      assertThat(state.logits()).containsExactly(alone[tokens.length - 2], within(1e-4f));
      state.close();
    }
  }

  private static Sampler anyToken() {
    Penalties always = new Penalties(1, 0, 0, Map.of(7, 1e3));
    return new Sampler(new SamplingParameters(0, 1, 0, 0, always, 1, 99, List.of()));
  }
}
