package dev.tidemill.inference.io;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.inference.decode.ScoredToken;
import dev.tidemill.inference.domain.AnswerRequest;
import dev.tidemill.inference.domain.AnswerRequests;
import dev.tidemill.model.tokenizer.TokenBytes;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The two ways to ask, and how each wants its answer.
enum Api {
  CHAT("chatcmpl-", "messages", "chat.completion", "chat.completion.chunk") {
    @Override
    AnswerRequest read(byte[] body) {
      return AnswerRequests.chat(body);
    }

    @Override
    void text(ObjectNode choice, String text) {
      ObjectNode message = choice.putObject("message");
      message.put("role", "assistant");
      message.put("content", text);
      message.putNull("refusal");
    }

    @Override
    void piece(ObjectNode choice, @Nullable String piece) {
      ObjectNode delta = choice.putObject("delta");
      if (piece != null) {
        delta.put("content", piece);
      }
    }

    @Override
    ObjectNode scores(List<ScoredToken> scores, TokenBytes tokens) {
      return ScoreShapes.chat(scores, tokens);
    }

    @Override
    @Nullable ObjectNode opening(Head head, int choice, boolean usage) {
      ObjectNode chunk = chunk(head, choice, "", null, null, usage);
      ((ObjectNode) chunk.at("/choices/0/delta")).put("role", "assistant");
      return chunk;
    }
  },

  TEXT("cmpl-", "prompt", "text_completion", "text_completion") {
    @Override
    AnswerRequest read(byte[] body) {
      return AnswerRequests.text(body);
    }

    @Override
    void text(ObjectNode choice, String text) {
      choice.put("text", text);
    }

    @Override
    void piece(ObjectNode choice, @Nullable String piece) {
      choice.put("text", piece == null ? "" : piece);
    }

    @Override
    ObjectNode scores(List<ScoredToken> scores, TokenBytes tokens) {
      return ScoreShapes.text(scores, tokens);
    }

    @Override
    @Nullable ObjectNode opening(Head head, int choice, boolean usage) {
      return null;
    }
  };

  private final String idPrefix;
  private final String promptParam;
  private final String object;
  private final String chunkObject;

  Api(String idPrefix, String promptParam, String object, String chunkObject) {
    this.idPrefix = idPrefix;
    this.promptParam = promptParam;
    this.object = object;
    this.chunkObject = chunkObject;
  }

  /// What every body of one answer says.
  record Head(String id, long created, String model, String release) {}

  /// Begins the ids of its completions.
  String idPrefix() {
    return idPrefix;
  }

  /// The parameter that holds the prompt.
  String promptParam() {
    return promptParam;
  }

  abstract AnswerRequest read(byte[] body);

  abstract void text(ObjectNode choice, String text);

  abstract void piece(ObjectNode choice, @Nullable String piece);

  /// Scores of tokens as `logprobs`.
  abstract ObjectNode scores(List<ScoredToken> scores, TokenBytes tokens);

  /// What a choice's stream begins with, if anything.
  abstract @Nullable ObjectNode opening(Head head, int choice, boolean usage);

  /// All answers, whole.
  ///
  /// @param scores of each choice as `logprobs`; empty when they are not wanted
  ObjectNode whole(Head head, List<Choice> choices, List<ObjectNode> scores) {
    ObjectNode body = body(head, object);
    ArrayNode nodes = body.putArray("choices");
    for (int i = 0; i < choices.size(); i++) {
      ObjectNode node = choice(nodes, head, i, scores.isEmpty() ? null : scores.get(i));
      text(node, choices.get(i).text());
      node.put("finish_reason", choices.get(i).outcome().end().finishReason());
    }
    body.set("usage", usage(Choice.Usage.of(choices)));
    return body;
  }

  /// A piece of an answer.
  ///
  /// @param piece null in the last one, which has the reason
  /// @param scores of the piece's tokens as `logprobs`; null when they are not wanted
  /// @param usage whether the stream ends with the counts: then all others say null
  ObjectNode chunk(
      Head head,
      int index,
      @Nullable String piece,
      @Nullable ObjectNode scores,
      @Nullable String finish,
      boolean usage) {
    ObjectNode body = body(head, chunkObject);
    ObjectNode node = choice(body.putArray("choices"), head, index, scores);
    piece(node, piece);
    node.put("finish_reason", finish);
    if (usage) {
      body.putNull("usage");
    }
    return body;
  }

  /// The counts at the end of a stream.
  ObjectNode usageChunk(Head head, Choice.Usage counts) {
    ObjectNode body = body(head, chunkObject);
    body.putArray("choices");
    body.set("usage", usage(counts));
    return body;
  }

  private static ObjectNode body(Head head, String object) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("id", head.id());
    body.put("object", object);
    body.put("created", head.created());
    body.put("model", head.model());
    body.put("release", head.release());
    body.put("system_fingerprint", head.release());
    return body;
  }

  private static ObjectNode choice(
      ArrayNode choices, Head head, int index, @Nullable ObjectNode scores) {
    ObjectNode choice = choices.addObject();
    choice.put("index", index);
    choice.put("completion_id", CompletionRecords.id(head.id(), index));
    choice.set("logprobs", scores);
    return choice;
  }

  private static ObjectNode usage(Choice.Usage counts) {
    ObjectNode usage = JsonNodeFactory.instance.objectNode();
    usage.put("prompt_tokens", counts.promptTokens());
    usage.put("completion_tokens", counts.completionTokens());
    usage.put("total_tokens", counts.promptTokens() + counts.completionTokens());
    return usage;
  }
}
