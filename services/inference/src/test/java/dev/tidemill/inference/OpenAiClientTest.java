package dev.tidemill.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.errors.RateLimitException;
import com.openai.errors.UnauthorizedException;
import com.openai.models.ResponseFormatJsonObject;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.completions.Completion;
import com.openai.models.completions.CompletionCreateParams;
import com.openai.models.models.Model;
import dev.tidemill.inference.domain.KeyQuota;
import dev.tidemill.inference.domain.KeyQuotas;
import dev.tidemill.schemas.Sha256;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// OpenAI's own client, as it is, at a replica whose keys have quotas.
class OpenAiClientTest {
  @TempDir private static Path work;

  private static TestArtifacts artifacts;
  private static TestReplica replica;
  private static OpenAIClient client;
  private static final List<OpenAIClient> clients = new ArrayList<>();

  @BeforeAll
  static void start() {
    artifacts = new TestArtifacts(work);
    KeyQuotas quotas =
        new KeyQuotas(
            KeyQuota.NONE,
            Map.of(
                "narrow", new KeyQuota(0, 0, List.of("support")),
                "seldom", new KeyQuota(2, 0, List.of()),
                "brief", new KeyQuota(0, 100, List.of())));
    Map<String, List<String>> keys =
        Map.of(
            "open", List.of(sha256("open-key"), sha256("open-key-to-come")),
            "narrow", List.of(sha256("narrow-key")),
            "seldom", List.of(sha256("seldom-key")),
            "brief", List.of(sha256("brief-key")));
    replica = new TestReplica(artifacts, config -> config.apiKeys(keys).quotas(quotas));
    String base = artifacts.base(1);
    replica.routeAndWait("support", TestArtifacts.target("support", base, null), null);
    replica.routeAndWait("secret", TestArtifacts.target("secret", base, null), null);
    client = client("open-key");
  }

  @AfterAll
  static void stop() {
    clients.forEach(OpenAIClient::close);
    replica.close();
  }

  @Test
  void chat() {
    ChatCompletion answer =
        client
            .chat()
            .completions()
            .create(
                asked("support").n(2).logprobs(true).topLogprobs(3).logitBias(endless()).build());
    assertThat(answer.model()).isEqualTo("support");
    assertThat(answer.choices()).hasSize(2);
    ChatCompletion.Choice first = answer.choices().getFirst();
    assertThat(first.message().content().orElseThrow()).isNotEmpty();
    assertThat(first.finishReason()).isEqualTo(ChatCompletion.Choice.FinishReason.LENGTH);
    var scores = first.logprobs().orElseThrow().content().orElseThrow();
    assertThat(scores).hasSize(8);
    assertThat(scores.getFirst().topLogprobs()).hasSize(3);
    assertThat(scores.getFirst().logprob()).isNegative();
    assertThat(answer.usage().orElseThrow().completionTokens()).isEqualTo(16);
    assertThat(replica.completion(answer.id()).getProducer()).isEqualTo("open");
  }

  @Test
  void streamedChat() {
    ChatCompletionCreateParams asked =
        asked("support")
            .temperature(0)
            .streamOptions(ChatCompletionStreamOptions.builder().includeUsage(true).build())
            .build();
    StringBuilder text = new StringBuilder();
    List<Long> usage = new ArrayList<>();
    try (StreamResponse<ChatCompletionChunk> stream =
        client.chat().completions().createStreaming(asked)) {
      stream.stream()
          .forEach(
              chunk -> {
                chunk.choices().forEach(choice -> choice.delta().content().ifPresent(text::append));
                chunk.usage().ifPresent(counts -> usage.add(counts.completionTokens()));
              });
    }
    assertThat(usage).containsExactly(8L);
    ChatCompletion whole =
        client.chat().completions().create(asked("support").temperature(0).build());
    assertThat(text.toString())
        .isEqualTo(whole.choices().getFirst().message().content().orElseThrow());
  }

  @Test
  void jsonObject() {
    ChatCompletion answer =
        client
            .chat()
            .completions()
            .create(
                asked("support")
                    .maxCompletionTokens(30)
                    .responseFormat(ResponseFormatJsonObject.builder().build())
                    .build());
    String text = answer.choices().getFirst().message().content().orElseThrow();
    assertThat(TestReplica.json(text).isObject()).as(text).isTrue();
  }

  @Test
  void completionsWithEchoAndScores() {
    Completion answer =
        client
            .completions()
            .create(
                CompletionCreateParams.builder()
                    .model("support")
                    .prompt("The tide turns")
                    .maxTokens(3)
                    .echo(true)
                    .logprobs(2)
                    .build());
    assertThat(answer.choices().getFirst().text()).startsWith("The tide turns");
    var scores = answer.choices().getFirst().logprobs().orElseThrow();
    List<String> tokens = scores.tokens().orElseThrow();
    assertThat(scores.tokenLogprobs().orElseThrow()).hasSameSizeAs(tokens);
    assertThat(scores.tokenLogprobs().orElseThrow().getFirst()).isNull();
    assertThat(scores.textOffset().orElseThrow()).hasSameSizeAs(tokens);
    assertThat(scores.topLogprobs().orElseThrow()).hasSameSizeAs(tokens);
  }

  @Test
  void modelsAreThoseOfTheKey() {
    assertThat(client.models().list().data()).extracting(Model::id).contains("support", "secret");
    assertThat(client.models().retrieve("secret").id()).isEqualTo("secret");
    OpenAIClient narrow = client("narrow-key");
    assertThat(narrow.models().list().data())
        .extracting(Model::id)
        .contains("support")
        .noneMatch(id -> id.startsWith("secret"));
    assertThatThrownBy(() -> narrow.models().retrieve("secret"))
        .isInstanceOf(NotFoundException.class);
    assertThatThrownBy(() -> narrow.chat().completions().create(asked("secret").build()))
        .isInstanceOf(NotFoundException.class)
        .hasMessageContaining("narrow");
    assertThat(narrow.chat().completions().create(asked("support").build()).choices()).hasSize(1);
  }

  @Test
  void errorsAreTheOnesItKnows() {
    OpenAIClient stranger = client("no-key");
    UnauthorizedException unknown =
        catchThrowableOfType(
            UnauthorizedException.class,
            () -> stranger.chat().completions().create(asked("support").build()));
    assertThat(unknown.code()).contains("invalid_api_key");
    NotFoundException missing =
        catchThrowableOfType(
            NotFoundException.class,
            () -> client.chat().completions().create(asked("nobody").build()));
    assertThat(missing.code()).contains("model_not_found");
    BadRequestException wrong =
        catchThrowableOfType(
            BadRequestException.class,
            () -> client.chat().completions().create(asked("support").temperature(3).build()));
    assertThat(wrong.param()).contains("temperature");
  }

  @Test
  void keysAreHeldToTheirMinutes() {
    OpenAIClient seldom = client("seldom-key");
    OpenAIClient brief = client("brief-key");
    for (int i = 0; i < 2; i++) {
      assertThat(seldom.chat().completions().create(asked("support").build()).choices()).hasSize(1);
    }
    RateLimitException tooMany =
        catchThrowableOfType(
            RateLimitException.class,
            () -> seldom.chat().completions().create(asked("support").build()));
    assertThat(tooMany.code()).contains("rate_limit_exceeded");
    assertThat(tooMany).hasMessageContaining("2 requests a minute");
    assertThat(Integer.parseInt(tooMany.headers().values("Retry-After").getFirst()))
        .isBetween(1, 60);

    // What never fits is no matter of waiting; what fits is, once it is used up.
    assertThatThrownBy(
            () ->
                brief
                    .chat()
                    .completions()
                    .create(asked("support").maxCompletionTokens(100).build()))
        .isInstanceOf(BadRequestException.class)
        .hasMessageContaining("100 a minute");
    assertThatThrownBy(
            () -> {
              for (int i = 0; i < 20; i++) {
                brief.chat().completions().create(asked("support").build());
              }
            })
        .isInstanceOf(RateLimitException.class)
        .hasMessageContaining("100 tokens a minute");
    assertThat(replica.metrics.scrape()).contains("outcome=\"limited\"");
  }

  /// Else random weights may end an answer before its length does.
  private static ChatCompletionCreateParams.LogitBias endless() {
    return ChatCompletionCreateParams.LogitBias.builder()
        .putAdditionalProperty(artifacts.end(), JsonValue.from(-100))
        .build();
  }

  private static ChatCompletionCreateParams.Builder asked(String model) {
    return ChatCompletionCreateParams.builder()
        .model(model)
        .addUserMessage("What turns the mill?")
        .maxCompletionTokens(8);
  }

  private static OpenAIClient client(String key) {
    OpenAIClient made =
        OpenAIOkHttpClient.builder()
            .apiKey(key)
            .baseUrl(replica.uri("/v1").toString())
            .maxRetries(0)
            .build();
    clients.add(made);
    return made;
  }

  private static String sha256(String key) {
    return Sha256.hex(key.getBytes(StandardCharsets.UTF_8));
  }
}
