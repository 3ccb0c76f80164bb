package dev.tidemill.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.FullLogits;
import dev.tidemill.model.LoraConfig;
import dev.tidemill.model.TinyModel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScoringTest {
  @TempDir Path folder;

  @Test
  void scoresOfPromptAndAnswerAreThoseOfTheWholeForward() {
    int[] prompt = new Random(4).ints(40, 5, 320).toArray();
    // What is drawn is far from what the model would say: the scores are the model's all the same.
    Penalties penalties = new Penalties(1.5, 1, 1, Map.of(9, 50.0, 11, 49.0));
    SamplingParameters parameters =
        new SamplingParameters(1.7, 0.9, 10, 0, penalties, 5, 20, List.of());
    try (BaseModel base = TinyModel.load(folder, false, 21);
        Generator generator = new Generator(base);
        Adapter adapter = TinyModel.adapter(folder, base.config(), LoraConfig.allLinears(4, 8), 1);
        DecodeState state = generator.startScored(prompt, adapter)) {
      Sampler sampler = new Sampler(parameters, prompt);
      TokenScore[] scores = new TokenScore[60];
      for (int at = 1; at < scores.length && !state.ended(); at++) {
        assertThat(state.reading()).isEqualTo(at < prompt.length);
        int token = generator.next(state, sampler);
        assertThat(at >= prompt.length || token == prompt[at]).isTrue();
        scores[at] = state.lastScore(7);
      }
      int[] tokens = state.tokens();
      assertThat(tokens).startsWith(prompt).hasSizeGreaterThan(prompt.length);
      assertThat(state.generatedTokens()).isEqualTo(tokens.length - prompt.length);
      float[][] logits = FullLogits.of(base, adapter, tokens);
      for (int at = 1; at < tokens.length; at++) {
        float[] row = logits[at - 1];
        double total =
            Math.log(IntStream.range(0, row.length).mapToDouble(i -> Math.exp(row[i])).sum());
        assertThat(scores[at].token()).isEqualTo(tokens[at]);
        assertThat(scores[at].logProb()).isCloseTo(row[tokens[at]] - total, within(1e-4));
        List<Integer> best =
            IntStream.range(0, row.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> -row[i]))
                .limit(7)
                .toList();
        for (int rank = 0; rank < best.size(); rank++) {
          // Tokens of almost the same logit may change places between the two ways.
          assertThat(scores[at].likeliest().get(rank).logProb())
              .isCloseTo(row[best.get(rank)] - total, within(1e-4));
        }
      }
    }
  }

  @Test
  void bestAreFoundAmongTiesAndWhatIsNoNumber() {
    TokenScore score =
        TokenScore.of(new float[] {1, Float.NaN, 3, 3, Float.NEGATIVE_INFINITY}, 0, 9);
    assertThat(score.likeliest()).extracting(TokenScore.Ranked::token).containsExactly(2, 3, 0, 4);
    assertThat(TokenScore.of(new float[] {1, 2}, 0, 0).likeliest()).isEmpty();
    assertThat(TokenScore.unknown(3).known()).isFalse();
  }

  @Test
  void bytesOfTokensAreTheTextOfTheAnswer() {
    try (BaseModel base = TinyModel.load(folder, false, 3)) {
      String text = "Größe: 7 → \"x\"\n\t";
      int[] tokens = base.tokenizer().encode(text);
      StringBuilder hex = new StringBuilder();
      for (int token : tokens) {
        for (byte each : base.tokenizer().bytes().of(token)) {
          hex.append("%02x".formatted(each));
        }
      }
      byte[] wanted = text.getBytes(StandardCharsets.UTF_8);
      assertThat(hex.toString()).isEqualTo(HexFormat.of().formatHex(wanted));
      assertThat(base.tokenizer().bytes().exact()).isTrue();
      assertThat(base.tokenizer().bytes().special(base.config().eosTokenId())).isTrue();
      int partial =
          Arrays.stream(tokens)
              .filter(t -> base.tokenizer().bytes().text(t).startsWith("bytes:"))
              .findFirst()
              .orElseThrow();
      assertThat(base.tokenizer().bytes().text(partial)).matches("bytes:(\\\\x[0-9a-f]{2})+");
    }
  }
}
