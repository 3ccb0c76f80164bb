package dev.tidemill.inference.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemill.model.ChatMessage;
import dev.tidemill.model.GenerationConfig;
import dev.tidemill.model.generate.Penalties;
import dev.tidemill.model.generate.SamplingParameters;
import dev.tidemill.platform.http.Problem;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AnswerRequestsTest {
  private static final String ASKED =
      "\"model\": \"m\", \"messages\": [{\"role\": \"user\", \"content\": \"q\"}]";

  @Test
  void readsEveryServedField() {
    AnswerRequest request =
        chat(
            "{"
                + ASKED
                + """
                , "temperature": 0.5, "top_p": 0.9, "seed": -3, "max_tokens": 7,
                "stream": true, "stream_options": {"include_usage": true}, "user": "u", "n": 2,
                "logprobs": true, "top_logprobs": 3, "response_format": {"type": "json_object"}}
                """);
    assertThat(request)
        .isEqualTo(
            new AnswerRequest(
                "m",
                new Prompt.Chat(List.of(ChatMessage.user("q"))),
                new AnswerRequest.Extras(false, 3, true),
                2,
                new AnswerRequest.Draw(0.5, 0.9, null, 0, null, Penalties.NONE),
                -3L,
                7,
                List.of(),
                true,
                true,
                "u"));
  }

  @Test
  void nullsAndHarmlessFieldsChangeNothing() {
    AnswerRequest request =
        chat(
            "{"
                + ASKED
                + """
                , "temperature": null, "stop": null, "user": null, "n": 1,
                "logprobs": false, "frequency_penalty": 0, "presence_penalty": 0.0,
                "logit_bias": {}, "response_format": {"type": "text"}, "metadata": {"a": "b"},
                "store": false, "parallel_tool_calls": true, "tools": [], "modalities": ["text"]}
                """);
    assertThat(request).isEqualTo(chat("{" + ASKED + "}"));
    assertThat(request.draw())
        .isEqualTo(new AnswerRequest.Draw(null, null, null, 0, null, Penalties.NONE));
  }

  @Test
  void readsHowTokensAreDrawn() {
    AnswerRequest request =
        chat(
            "{"
                + ASKED
                + """
                , "top_k": 40, "min_p": 0.05, "repetition_penalty": 1.1, "presence_penalty": -0.5,
                "frequency_penalty": 2, "logit_bias": {"7": -100, "11": 2.5}}
                """);
    assertThat(request.draw())
        .isEqualTo(
            new AnswerRequest.Draw(
                null, null, 40, 0.05, 1.1, new Penalties(1, -0.5, 2, Map.of(7, -100.0, 11, 2.5))));
    assertThat(chat("{" + ASKED + ", \"top_k\": -1}").draw().topK()).isZero();
  }

  @Test
  void whatTheClientLeavesOpenGoesAsTheBaseSays() {
    GenerationConfig says = new GenerationConfig(List.of(4), 0.7, 0.8, 20, 1.05);
    GenerationConfig silent = new GenerationConfig(List.of(4), null, null, null, null);
    AnswerRequest.Draw open = chat("{" + ASKED + "}").draw();
    assertThat(open.over(says, 9, List.of("x")))
        .isEqualTo(
            new SamplingParameters(
                0.7, 0.8, 20, 0, new Penalties(1.05, 0, 0, Map.of()), 0, 9, List.of("x")));
    assertThat(open.over(silent, 9, List.of()))
        .isEqualTo(new SamplingParameters(1, 1, 0, 0, Penalties.NONE, 0, 9, List.of()));
    AnswerRequest.Draw told =
        chat("{"
                + ASKED
                + """
                , "temperature": 0, "top_p": 1, "top_k": 0, "repetition_penalty": 1,
                "presence_penalty": 1}
                """)
            .draw();
    assertThat(told.over(says, 9, List.of()))
        .isEqualTo(
            new SamplingParameters(0, 1, 0, 0, new Penalties(1, 1, 0, Map.of()), 0, 9, List.of()));
  }

  @Test
  void maxCompletionTokensWins() {
    assertThat(chat("{" + ASKED + ", \"max_tokens\": 3, \"max_completion_tokens\": 5}").maxTokens())
        .isEqualTo(5);
  }

  @Test
  void joinsTextPartsAndMapsDeveloperToSystem() {
    AnswerRequest request =
        chat(
            """
            {"model": "m", "messages": [
              {"role": "developer", "content": "be brief"},
              {"role": "user", "content": [{"type": "text", "text": "a"},
                                           {"type": "text", "text": "b"}]}]}
            """);
    assertThat(request.prompt().messages())
        .containsExactly(ChatMessage.system("be brief"), ChatMessage.user("ab"));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "temperature": "hot"                    | temperature           | invalid_value
          "temperature": 2.5                      | temperature           | invalid_value
          "temperature": -1                       | temperature           | invalid_value
          "temperature": true                     | temperature           | invalid_value
          "top_p": 0                              | top_p                 | invalid_value
          "top_p": 1.1                            | top_p                 | invalid_value
          "seed": 1.5                             | seed                  | invalid_value
          "seed": 99999999999999999999            | seed                  | invalid_value
          "max_tokens": 0                         | max_tokens            | invalid_value
          "max_tokens": "7"                       | max_tokens            | invalid_value
          "max_completion_tokens": -1             | max_completion_tokens | invalid_value
          "stop": 5                               | stop                  | invalid_value
          "stop": [1]                             | stop[0]               | invalid_value
          "stop": ""                              | stop                  | invalid_value
          "stream": "yes"                         | stream                | invalid_value
          "stream_options": {}                    | stream_options        | invalid_value
          "user": 7                               | user                  | invalid_value
          "n": 0                                  | n                     | invalid_value
          "n": 129                                | n                     | invalid_value
          "n": "x"                                | n                     | invalid_value
          "logprobs": 1                           | logprobs              | invalid_value
          "top_logprobs": 3                       | top_logprobs          | invalid_value
          "logprobs": true, "top_logprobs": 21    | top_logprobs          | invalid_value
          "logit_bias": {"five": 1}               | logit_bias            | invalid_value
          "logit_bias": {"-5": 1}                 | logit_bias            | invalid_value
          "logit_bias": {"5": 101}                | logit_bias            | invalid_value
          "logit_bias": {"5": "x"}                | logit_bias            | invalid_value
          "logit_bias": [5]                       | logit_bias            | invalid_value
          "frequency_penalty": 2.5                | frequency_penalty     | invalid_value
          "presence_penalty": -2.5                | presence_penalty      | invalid_value
          "repetition_penalty": 0                 | repetition_penalty    | invalid_value
          "min_p": 1.5                            | min_p                 | invalid_value
          "top_k": -2                             | top_k                 | invalid_value
          "top_k": 1.5                            | top_k                 | invalid_value
          "tools": [{}]                           | tools                 | unsupported_parameter
          "tool_choice": "required"               | tool_choice           | unsupported_parameter
          "response_format": {"type": "json_schema"} | response_format.type | unsupported_parameter
          "response_format": {"type": "xml"}      | response_format.type  | invalid_value
          "response_format": "json"               | response_format       | invalid_value
          "response_format": {"type": "json_object"}, "stop": "x" | stop  | unsupported_parameter
          "reasoning_effort": "high"              | reasoning_effort      | unsupported_parameter
          "temprature": 1                         | temprature            | unknown_parameter
          """)
  void refusesByName(String field, String param, String code) {
    assertRefused("{" + ASKED + ", " + field + "}", param, code);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"messages": [{"role": "user", "content": "q"}]}           | model       | missing_required_parameter
          {"model": 5, "messages": []}                               | model       | invalid_value
          {"model": "m"}                                             | messages    | missing_required_parameter
          {"model": "m", "messages": []}                             | messages    | invalid_value
          {"model": "m", "messages": "hi"}                           | messages    | invalid_value
          {"model": "m", "messages": ["hi"]}                         | messages[0] | invalid_value
          {"model": "m", "messages": [{"content": "q"}]}             | messages[0].role | missing_required_parameter
          {"model": "m", "messages": [{"role": "user"}]}             | messages[0].content | missing_required_parameter
          {"model": "m", "messages": [{"role": "tool", "content": "q"}]} | messages[0].role | invalid_value
          {"model": "m", "messages": [{"role": "user", "content": 5}]} | messages[0].content | invalid_value
          {"model": "m", "messages": [{"role": "user", "content": "\\ud800"}]} | messages[0].content | invalid_value
          {"model": "m", "messages": [{"role": "user", "content": [{"type": "image_url"}]}]} | messages[0].content[0].type | unsupported_parameter
          {"model": "m", "messages": [{"role": "user", "content": "q", "tool_calls": []}]} | messages[0].tool_calls | unsupported_parameter
          {"model": "m", "messages": [{"role": "user", "content": "q", "mood": 1}]} | messages[0].mood | unknown_parameter
          """)
  void refusesBodies(String body, String param, String code) {
    assertRefused(body, param, code);
  }

  @Test
  void refusesWhatIsNoObject() {
    assertThatThrownBy(() -> chat("[1]"))
        .isInstanceOfSatisfying(
            Problem.class, problem -> assertThat(problem.status()).isEqualTo(400))
        .hasMessage("the body must be an object, not a list");
  }

  @Test
  void readsTextRequests() {
    assertThat(text("{\"model\": \"m\", \"prompt\": [\"p\"], \"best_of\": 1}").prompt())
        .isEqualTo(new Prompt.Text("p"));
    assertThatThrownBy(() -> text("{\"model\": \"m\", \"prompt\": [\"a\", \"b\"]}"))
        .isInstanceOfSatisfying(
            Problem.class, problem -> assertThat(problem.field()).isEqualTo("prompt"));
    assertThatThrownBy(() -> text("{\"model\": \"m\", \"prompt\": \"p\", \"suffix\": \"s\"}"))
        .isInstanceOfSatisfying(
            Problem.class, problem -> assertThat(problem.field()).isEqualTo("suffix"));
    assertThatThrownBy(() -> text("{\"model\": \"m\", \"prompt\": \"p\", \"messages\": []}"))
        .isInstanceOfSatisfying(
            Problem.class, problem -> assertThat(problem.slug()).isEqualTo("unknown_parameter"));
  }

  @Test
  void readsWhatTextRequestsAskForBeside() {
    AnswerRequest echo =
        text(
            "{\"model\": \"m\", \"prompt\": \"p\", \"echo\": true, \"logprobs\": 0, \"max_tokens\":"
                + " 0}");
    assertThat(echo.extras()).isEqualTo(new AnswerRequest.Extras(true, 0, false));
    assertThat(echo.maxTokens()).isZero();
    for (String refused :
        List.of("max_tokens\": 0", "logprobs\": 6", "logprobs\": -1", "best_of\": 2")) {
      String param = refused.substring(0, refused.indexOf('"'));
      assertThatThrownBy(() -> text("{\"model\": \"m\", \"prompt\": \"p\", \"" + refused + "}"))
          .isInstanceOfSatisfying(
              Problem.class, problem -> assertThat(problem.field()).isEqualTo(param));
    }
  }

  private static void assertRefused(String body, String param, String code) {
    assertThatThrownBy(() -> chat(body))
        .isInstanceOfSatisfying(
            Problem.class,
            problem -> {
              assertThat(problem.status()).isEqualTo(400);
              assertThat(problem.field()).isEqualTo(param);
              assertThat(problem.slug()).isEqualTo(code);
              assertThat(problem.detail()).contains(param);
            });
  }

  private static AnswerRequest chat(String body) {
    return AnswerRequests.chat(body.getBytes(StandardCharsets.UTF_8));
  }

  private static AnswerRequest text(String body) {
    return AnswerRequests.text(body.getBytes(StandardCharsets.UTF_8));
  }
}
