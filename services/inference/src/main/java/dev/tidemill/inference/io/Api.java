package dev.tidemill.inference.io;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.inference.decode.Outcome;
import dev.tidemill.inference.domain.AnswerRequest;
import dev.tidemill.inference.domain.AnswerRequests;
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
    @Nullable ObjectNode opening(Head head, boolean usage) {
      ObjectNode chunk = chunk(head, "", null, usage);
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
    @Nullable ObjectNode opening(Head head, boolean usage) {
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

  /// What a stream begins with, if anything.
  abstract @Nullable ObjectNode opening(Head head, boolean usage);

  /// A whole answer.
  ObjectNode whole(Head head, Outcome outcome) {
    ObjectNode body = body(head, object);
    ObjectNode choice = choice(body);
    text(choice, outcome.text());
    choice.put("finish_reason", outcome.end().finishReason());
    body.set("usage", usage(outcome));
    return body;
  }

  /// A piece of an answer.
  ///
  /// @param piece null in the last one, which has the reason
  /// @param usage whether the stream ends with the counts: then all others say null
  ObjectNode chunk(Head head, @Nullable String piece, @Nullable String finish, boolean usage) {
    ObjectNode body = body(head, chunkObject);
    ObjectNode choice = choice(body);
    piece(choice, piece);
    choice.put("finish_reason", finish);
    if (usage) {
      body.putNull("usage");
    }
    return body;
  }

  /// The counts at the end of a stream.
  ObjectNode usageChunk(Head head, Outcome outcome) {
    ObjectNode body = body(head, chunkObject);
    body.putArray("choices");
    body.set("usage", usage(outcome));
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

  private static ObjectNode choice(ObjectNode body) {
    ArrayNode choices = body.putArray("choices");
    ObjectNode choice = choices.addObject();
    choice.put("index", 0);
    choice.putNull("logprobs");
    return choice;
  }

  private static ObjectNode usage(Outcome outcome) {
    ObjectNode usage = JsonNodeFactory.instance.objectNode();
    usage.put("prompt_tokens", outcome.promptTokens());
    usage.put("completion_tokens", outcome.completionTokens());
    usage.put("total_tokens", outcome.promptTokens() + outcome.completionTokens());
    return usage;
  }
}
