package dev.tidemill.model.generate.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.TinyModel;
import dev.tidemill.model.generate.Penalties;
import dev.tidemill.model.generate.Sampler;
import dev.tidemill.model.generate.SamplingParameters;
import dev.tidemill.model.tokenizer.TokenBytes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonConstraintTest {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  @TempDir Path folder;

  @Test
  void whateverTheModelWantsItSaysAnObjectAndEndsItInTime() throws IOException {
    try (BaseModel base = TinyModel.load(folder, false, 3)) {
      TokenBytes bytes = base.tokenizer().bytes();
      JsonTokens tokens = new JsonTokens(bytes, base.generation()::ends);
      int cutOff = 0;
      int nested = 0;
      for (int seed = 0; seed < 1_500; seed++) {
        Random random = new Random(seed);
        int longest = 1 + random.nextInt(60);
        SamplingParameters parameters =
            new SamplingParameters(1.5, 0.95, 0, 0, Penalties.NONE, seed, longest, List.of());
        JsonConstraint constraint = new JsonConstraint(tokens, longest);
        Sampler sampler = new Sampler(parameters, constraint);
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        for (int drawn = 0; drawn < longest && !constraint.complete(); drawn++) {
          float[] logits = new float[base.config().vocabSize()];
          for (int i = 0; i < logits.length; i++) {
            // Tokens of grammar are made likelier, or strings are all that ever comes.
            boolean shape = bytes.of(i).length == 1 && "{}[]:,\"-0".indexOf(bytes.of(i)[0]) >= 0;
            logits[i] = (float) (random.nextGaussian() * 2 + (shape ? 3 : 0));
          }
          answer.writeBytes(bytes.of(sampler.sample(logits)));
        }
        if (longest == 1 && !constraint.complete()) {
          cutOff++;
          continue;
        }
        String text = text(answer.toByteArray());
        assertThat(constraint.complete()).as(text).isTrue();
        assertThat(MAPPER.readTree(text).isObject()).as(text).isTrue();
        nested += text.contains("[") ? 1 : 0;
      }
      assertThat(cutOff).isLessThan(60);
      assertThat(nested).isGreaterThan(100);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        " {\"a\" : [1, -0.5e+7, 0, 10.25E-3, true, false, null, \"\\u00e9\\n\\\"é€😀\"], \"\": {}}",
        "{\"a\":[[[]],[{}]],\"b\":0}"
      })
  void takesEveryObject(String text) {
    long state = JsonGrammar.begin();
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    for (byte each : bytes) {
      assertThat(JsonGrammar.complete(state)).isFalse();
      state = JsonGrammar.next(state, each & 0xff);
      assertThat(state).as("%s at %c", text, each).isNotEqualTo(JsonGrammar.NO);
    }
    assertThat(JsonGrammar.complete(state)).isTrue();
    assertThat(JsonGrammar.next(state, ' ')).isEqualTo(JsonGrammar.NO);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[",
        "1",
        "{1",
        "{,",
        "{\"a\",",
        "{\"a\":,",
        "{\"a\":01",
        "{\"a\":-]",
        "{\"a\":1.}",
        "{\"a\":1e}",
        "{\"a\":[1}",
        "{\"a\":1]",
        "{\"a\":1,}",
        "{\"a\":[1,]",
        "{\"a\":tru}",
        "{\"a\":\"\n",
        "{\"a\":\"\\x",
        "{\"a\":\"\\ud8",
        "{\"a\":\"\\uDC",
        "{\"a\":\"\\u12g",
        "{\"a\":+",
        "{\"a\":.",
        "{a",
        "{\"a\":nul1",
        "{}{"
      })
  void letsNothingElseThrough(String text) {
    long state = JsonGrammar.begin();
    for (int i = 0; i < text.length() - 1; i++) {
      state = JsonGrammar.next(state, text.charAt(i));
      assertThat(state).as("%s at %d", text, i).isNotEqualTo(JsonGrammar.NO);
    }
    assertThat(JsonGrammar.next(state, text.charAt(text.length() - 1))).isEqualTo(JsonGrammar.NO);
  }

  @Test
  void everyStateHasAByteThatLeadsToTheEnd() {
    Random random = new Random(8);
    int deepest = 0;
    for (int walk = 0; walk < 400; walk++) {
      long state = JsonGrammar.begin();
      for (int step = 0; step < 150 && !JsonGrammar.complete(state); step++) {
        long after = JsonGrammar.next(state, random.nextInt(256));
        long wished = JsonGrammar.next(state, "{[\"\\u:,0ed-".charAt(random.nextInt(11)));
        state = wished != JsonGrammar.NO ? wished : after != JsonGrammar.NO ? after : state;
        int left = JsonGrammar.left(state);
        deepest = Math.max(deepest, left);
        boolean nearer = left == 0;
        for (int each = 0; each < 256 && !nearer; each++) {
          long next = JsonGrammar.next(state, each);
          nearer = next != JsonGrammar.NO && JsonGrammar.left(next) == left - 1;
        }
        assertThat(nearer).as("state %x has %d bytes left", state, left).isTrue();
      }
    }
    assertThat(deepest).isBetween(5, (int) Byte.MAX_VALUE);
  }

  @Test
  void stringsAreSoundText() {
    long inString = JsonGrammar.begin();
    for (char each : "{\"a\":\"".toCharArray()) {
      inString = JsonGrammar.next(inString, each);
    }
    for (int[] unsound :
        new int[][] {
          {0x80}, {0xc0}, {0xc1}, {0xe0, 0x9f}, {0xed, 0xa0}, {0xf4, 0x90}, {0xf5}, {0x1f}
        }) {
      long state = inString;
      for (int each : unsound) {
        state = state == JsonGrammar.NO ? state : JsonGrammar.next(state, each);
      }
      assertThat(state).isEqualTo(JsonGrammar.NO);
    }
  }

  @Test
  void endOfTheAnswerIsNoPartOfAnObject() {
    try (BaseModel base = TinyModel.load(folder, false, 3)) {
      JsonTokens tokens = new JsonTokens(base.tokenizer().bytes(), base.generation()::ends);
      byte[] left = tokens.left(JsonGrammar.begin());
      assertThat(left[base.config().eosTokenId()]).isNegative();
      assertThatThrownBy(() -> tokens.after(JsonGrammar.begin(), base.tokenizer().encode("x")[0]))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  private static String text(byte[] utf8) throws IOException {
    return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
  }
}
