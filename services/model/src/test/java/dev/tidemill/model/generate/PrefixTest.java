package dev.tidemill.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.LoraConfig;
import dev.tidemill.model.TinyModel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is shared of prompts is the same to the bit as what is read anew, and only within a scope.
class PrefixTest {
  private static final int CHUNK = 8;
  private static final int[] PROMPT = new Random(4).ints(30, 5, 320).toArray();

  @TempDir Path folder;
  private BaseModel base;
  private Generator generator;
  private Adapter a;
  private Adapter b;
  private final KvPool pool = KvPool.of(1 << 20);

  @BeforeEach
  void load() {
    base = TinyModel.load(folder, false, 21);
    generator = new Generator(base);
    generator.cacheIn(pool, CHUNK);
    LoraConfig lora = LoraConfig.allLinears(4, 8);
    a = TinyModel.adapter(folder, base.config(), lora, 1);
    b = TinyModel.adapter(folder, base.config(), lora, 2);
  }

  @AfterEach
  void close() {
    generator.close();
    assertThat(pool.used()).isZero();
    pool.close();
    a.close();
    b.close();
    base.close();
  }

  @Test
  void aThenBThenAGivesTheFirstAnswerAgainToTheBit() {
    float[][] first = answer(PROMPT, a, "a", 0);
    float[][] other = answer(PROMPT, b, "b", 0);
    assertThat(other[0]).isNotEqualTo(first[0]);
    // All of it is known, as long as nobody reads the last chunk anew.
    assertThat(answer(PROMPT, a, "a", PROMPT.length)).isDeepEqualTo(first);
    int[] longer = Arrays.copyOf(PROMPT, 40);
    Arrays.fill(longer, 30, 40, 77);
    float[][] cold = answer(longer, a, null, 0);
    assertThat(answer(longer, a, "a", 24)).isDeepEqualTo(cold);
    assertThat(answer(Arrays.copyOf(PROMPT, 20), null, "", 0))
        .isDeepEqualTo(answer(Arrays.copyOf(PROMPT, 20), null, null, 0));
  }

  @Test
  void aSequenceUnderWaySharesItsPromptAndGoesItsOwnWay() {
    DecodeState one = generator.begin(PROMPT, a, 20, "a").orElseThrow();
    assertThat(generator.read(one)).isFalse();
    assertThat(generator.read(one)).isFalse();
    DecodeState two = generator.begin(PROMPT, a, 20, "a").orElseThrow();
    assertThat(two.tokensRead()).isEqualTo(16);
    assertThatThrownBy(() -> generator.next(two, greedy())).hasMessageContaining("not been read");
    while (!generator.read(one)) {}
    generator.next(one, greedy());
    generator.next(one, greedy());
    one.close();
    while (!generator.read(two)) {}
    float[] shared = generator.logits(two);
    two.close();
    try (DecodeState alone = generator.start(PROMPT, a)) {
      assertThat(shared).isEqualTo(generator.logits(alone));
    }
  }

  @Test
  void whatIsKeptGivesWayToWhoNeedsRoom() {
    long each = generator.cacheBytes(PROMPT.length + 20);
    for (int i = 0; i < pool.capacity() / each + 3; i++) {
      int[] prompt = new Random(i).ints(30, 5, 320).toArray();
      answer(prompt, null, "", 0);
      assertThat(pool.used()).isPositive().isLessThanOrEqualTo(pool.capacity());
    }
    int[] newest = new Random(pool.capacity() / each + 2).ints(30, 5, 320).toArray();
    answer(newest, null, "", 30);
    int[] oldest = new Random(0).ints(30, 5, 320).toArray();
    answer(oldest, null, "", 0);
  }

  @Test
  void aFullPoolTakesNobodyUntilSomebodyEnds() {
    try (KvPool small = KvPool.of(generator.cacheBytes(64))) {
      generator.cacheIn(small, CHUNK);
      DecodeState one = generator.begin(PROMPT, null, 20, null).orElseThrow();
      assertThat(generator.begin(PROMPT, null, 20, null)).isEmpty();
      one.close();
      DecodeState two = generator.begin(PROMPT, null, 20, null).orElseThrow();
      two.close();
      assertThat(small.used()).isZero();
      generator.cacheIn(pool, CHUNK);
    }
  }

  /// Logits after the prompt and after each of three tokens.
  private float[][] answer(
      int[] prompt, @Nullable Adapter adapter, @Nullable String scope, int known) {
    float[][] logits = new float[4][];
    try (DecodeState state = generator.begin(prompt, adapter, 20, scope).orElseThrow()) {
      assertThat(state.tokensRead()).isEqualTo(known);
      while (!generator.read(state)) {}
      for (int i = 0; i < logits.length; i++) {
        logits[i] = generator.logits(state);
        state.append(5 + i);
      }
    }
    return logits;
  }

  private static Sampler greedy() {
    return new Sampler(SamplingParameters.greedy(9));
  }
}
