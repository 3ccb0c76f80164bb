package dev.tidemill.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.events.Completion;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Scores, echoed prompts, several answers at once, and answers that are JSON.
class ChoicesTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final String TEXT = "/v1/completions";

  @TempDir private static Path work;

  private static TestReplica replica;

  @BeforeAll
  static void start() {
    TestArtifacts artifacts = new TestArtifacts(work);
    replica = new TestReplica(artifacts, config -> config.maxChoices(4));
    String base = artifacts.base(1);
    replica.routeAndWait("support", TestArtifacts.target("support", base, null), null);
  }

  @AfterAll
  static void stop() {
    replica.close();
  }

  @Test
  void scoresAreTheModelsWhateverIsDrawn() {
    ObjectNode body = TestReplica.chat("support", "score this").put("logprobs", true);
    body.put("top_logprobs", 5);
    JsonNode answer = ok(CHAT, body);
    JsonNode tokens = answer.at("/choices/0/logprobs/content");
    assertThat(tokens).hasSize(answer.at("/usage/completion_tokens").asInt());
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (JsonNode token : tokens) {
      assertThat(token.path("top_logprobs")).hasSize(5);
      // Greedy: the token is the likeliest one.
      assertThat(token.at("/top_logprobs/0/token")).isEqualTo(token.path("token"));
      assertThat(token.path("logprob").asDouble())
          .isEqualTo(token.at("/top_logprobs/0/logprob").asDouble())
          .isNegative();
      token.path("bytes").forEach(each -> bytes.write(each.asInt()));
    }
    assertThat(bytes.toString(StandardCharsets.UTF_8))
        .isEqualTo(answer.at("/choices/0/message/content").asText());

    // Forced by a bias, drawn hot: the likeliest are the model's own, and not what was drawn.
    body.put("temperature", 2).put("seed", 3).put("max_tokens", 1);
    int forced = 40;
    body.putObject("logit_bias").put(Integer.toString(forced), 100);
    JsonNode other = ok(CHAT, body).at("/choices/0/logprobs/content/0");
    assertThat(other.path("top_logprobs")).isEqualTo(tokens.get(0).path("top_logprobs"));
    body.putObject("logit_bias").put(Integer.toString(forced + 1), 100);
    JsonNode another = ok(CHAT, body).at("/choices/0/logprobs/content/0");
    assertThat(another.path("top_logprobs")).isEqualTo(other.path("top_logprobs"));
    assertThat(another.path("token")).isNotEqualTo(other.path("token"));
    assertThat(another.path("logprob").asDouble()).isLessThan(-1);
  }

  @Test
  void echoGivesPromptAndAnswerWithTheScoresOfBoth() {
    String prompt = "The tide turns – the mill";
    ObjectNode body = text(prompt).put("max_tokens", 6).put("logprobs", 2);
    JsonNode plain = ok(TEXT, body);
    String answer = plain.at("/choices/0/text").asText();
    JsonNode alone = plain.at("/choices/0/logprobs");
    assertThat(alone.path("token_logprobs")).hasSize(6);
    assertThat(alone.at("/text_offset/0").asInt()).isZero();

    JsonNode echoed = ok(TEXT, body.put("echo", true));
    assertThat(echoed.at("/choices/0/text").asText()).isEqualTo(prompt + answer);
    assertThat(echoed.path("usage")).isEqualTo(plain.path("usage"));
    JsonNode all = echoed.at("/choices/0/logprobs");
    int of = all.path("tokens").size() - 6;
    assertThat(of).isGreaterThan(4);
    assertThat(all.at("/token_logprobs/0").isNull()).isTrue();
    assertThat(all.at("/top_logprobs/0").isNull()).isTrue();
    for (int i = 1; i < of; i++) {
      assertThat(all.path("token_logprobs").get(i).asDouble()).isNegative();
      int listed = all.path("top_logprobs").get(i).size();
      assertThat(listed).isBetween(2, 3);
    }
    for (int i = 0; i < 6; i++) {
      assertThat(all.path("tokens").get(of + i)).isEqualTo(alone.path("tokens").get(i));
      assertThat(all.path("token_logprobs").get(of + i).asDouble())
          .isCloseTo(alone.path("token_logprobs").get(i).asDouble(), within(1e-4));
      assertThat(all.path("text_offset").get(of + i).asInt())
          .isEqualTo(alone.path("text_offset").get(i).asInt() + prompt.length());
    }
    assertThat(replica.completion(echoed.path("id").asText()).getAnswer()).isEqualTo(answer);

    JsonNode scoredOnly = ok(TEXT, body.put("max_tokens", 0));
    assertThat(scoredOnly.at("/choices/0/text").asText()).isEqualTo(prompt);
    assertThat(scoredOnly.at("/choices/0/logprobs/tokens")).hasSize(of);
    assertThat(scoredOnly.at("/usage/completion_tokens").asInt()).isZero();
    body.remove("logprobs");
    assertThat(ok(TEXT, body).at("/choices/0/text").asText()).isEqualTo(prompt);
  }

  @Test
  void streamsSayTheSame() {
    ObjectNode body = text("Stream the mill").put("max_tokens", 8).put("logprobs", 1);
    body.put("echo", true).put("n", 2).put("temperature", 1).put("seed", 5);
    JsonNode whole = ok(TEXT, body);
    body.put("stream", true).putObject("stream_options").put("include_usage", true);
    Map<Integer, StringBuilder> texts = new TreeMap<>();
    Map<Integer, List<JsonNode>> tokens = new TreeMap<>();
    List<JsonNode> chunks = OpenAiApiTest.chunks(replica.post(TEXT, body).body());
    for (JsonNode chunk : chunks) {
      for (JsonNode choice : chunk.path("choices")) {
        int index = choice.path("index").asInt();
        texts.computeIfAbsent(index, i -> new StringBuilder()).append(choice.path("text").asText());
        choice
            .at("/logprobs/tokens")
            .forEach(token -> tokens.computeIfAbsent(index, i -> new ArrayList<>()).add(token));
      }
    }
    for (int i = 0; i < 2; i++) {
      JsonNode choice = whole.path("choices").get(i);
      assertThat(String.valueOf(texts.get(i))).isEqualTo(choice.path("text").asText());
      assertThat(tokens.get(i)).containsExactlyElementsOf(choice.at("/logprobs/tokens"));
    }
    assertThat(chunks.getLast().path("usage")).isEqualTo(whole.path("usage"));
  }

  @Test
  void severalAnswersAreThoseOfSeveralSeeds() {
    ObjectNode body = TestReplica.chat("support", "tell me three things");
    body.put("temperature", 1).put("seed", 70).put("n", 3).put("user", "kim");
    JsonNode answer = ok(CHAT, body);
    String id = answer.path("id").asText();
    assertThat(answer.path("choices")).hasSize(3);
    int completionTokens = 0;
    body.remove("n");
    for (int i = 0; i < 3; i++) {
      JsonNode choice = answer.path("choices").get(i);
      assertThat(choice.path("index").asInt()).isEqualTo(i);
      JsonNode alone = ok(CHAT, body.put("seed", 70 + i));
      assertThat(choice.path("message")).isEqualTo(alone.at("/choices/0/message"));
      assertThat(answer.at("/usage/prompt_tokens")).isEqualTo(alone.at("/usage/prompt_tokens"));
      completionTokens += alone.at("/usage/completion_tokens").asInt();
      String own = choice.path("completion_id").asText();
      assertThat(own).isEqualTo(i == 0 ? id : id + "-" + i);
      Completion record = replica.completion(own);
      assertThat(record.getAnswer()).isEqualTo(choice.at("/message/content").asText());
      assertThat(record.getSampling().getSeed()).isEqualTo(70 + i);
      assertThat(record.getSubject()).isEqualTo("kim");
    }
    assertThat(answer.at("/usage/completion_tokens").asInt()).isEqualTo(completionTokens);
    OpenAiApiTest.assertError(replica.post(CHAT, body.put("n", 5)), 400, "n", "invalid_value");
    assertThat(replica.references()).isZero();
  }

  @Test
  void jsonIsWholeWithinEveryLength() {
    ObjectNode body = TestReplica.chat("support", "as JSON please").put("temperature", 1.5);
    body.putObject("response_format").put("type", "json_object");
    for (int longest : new int[] {2, 3, 5, 20, 60}) {
      body.put("seed", longest).put("max_tokens", longest).put("n", 4);
      for (JsonNode choice : ok(CHAT, body).path("choices")) {
        String text = choice.at("/message/content").asText();
        assertThat(TestReplica.json(text).isObject()).as(text).isTrue();
        assertThat(choice.path("finish_reason").asText()).isEqualTo("stop");
      }
    }
    JsonNode cut = ok(CHAT, body.put("max_tokens", 1)).at("/choices/0");
    assertThat(cut.path("finish_reason").asText()).isEqualTo("length");
    assertThat(replica.metrics.scrape()).contains("tidemill_inference_generation_tokens_total");
  }

  private static ObjectNode text(String prompt) {
    ObjectNode body = TestReplica.chat("support", "");
    body.remove("messages");
    return body.put("prompt", prompt);
  }

  private static JsonNode ok(String path, JsonNode body) {
    var response = replica.post(path, body);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return TestReplica.json(response.body());
  }
}
