package dev.tidemill.inference.domain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.model.ChatMessage;
import dev.tidemill.platform.http.JsonBody;
import dev.tidemill.platform.http.Problem;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads the bodies of OpenAI's API. A field that would change the answer and is not served is
/// refused by name; one that would not is accepted and has no effect; any other is unknown.
public final class AnswerRequests {
  private static final int MOST_STOPS = 16;
  private static final int LONGEST_USER = 512;

  private AnswerRequests() {}

  /// The body of `POST /v1/chat/completions`.
  public static AnswerRequest chat(byte[] body) {
    JsonFields fields = fields(body);
    String model = model(fields);
    Prompt prompt = new Prompt.Chat(messages(fields.require("messages")));
    @Nullable Long maxTokens = fields.integer("max_tokens");
    @Nullable Long maxCompletionTokens = fields.integer("max_completion_tokens");
    @Nullable Integer longest =
        maxCompletionTokens == null
            ? longest("max_tokens", maxTokens, 1)
            : longest("max_completion_tokens", maxCompletionTokens, 1);
    AnswerRequest.Extras extras = ExtraFields.inChat(fields);
    UnservedFields.refuseInChat(fields);
    return rest(fields, model, prompt, extras, longest);
  }

  /// The body of `POST /v1/completions`.
  public static AnswerRequest text(byte[] body) {
    JsonFields fields = fields(body);
    String model = model(fields);
    Prompt prompt = new Prompt.Text(prompt(fields.require("prompt")));
    AnswerRequest.Extras extras = ExtraFields.inText(fields);
    @Nullable Integer longest =
        longest("max_tokens", fields.integer("max_tokens"), extras.echo() ? 0 : 1);
    UnservedFields.refuseInText(fields);
    return rest(fields, model, prompt, extras, longest);
  }

  private static AnswerRequest rest(
      JsonFields fields,
      String model,
      Prompt prompt,
      AnswerRequest.Extras extras,
      @Nullable Integer longest) {
    int choices = ExtraFields.choices(fields);
    AnswerRequest.Draw draw = DrawFields.read(fields);
    @Nullable Long seed = fields.integer("seed");
    List<String> stop = stop(fields.take("stop"));
    boolean stream = fields.flag("stream", false);
    boolean includeUsage = includeUsage(fields.object("stream_options"), stream);
    @Nullable String user = user(fields.text("user"));
    UnservedFields.ignoreHarmless(fields);
    fields.end();
    if (extras.json() && !stop.isEmpty()) {
      throw ApiProblems.unsupported(
          "stop",
          "stop does not go with response_format json_object: the answer ends with its object");
    }
    return new AnswerRequest(
        model, prompt, extras, choices, draw, seed, longest, stop, stream, includeUsage, user);
  }

  private static JsonFields fields(byte[] body) {
    return switch (JsonBody.parse(body, JsonNode.class)) {
      case ObjectNode object -> new JsonFields(object, "");
      case JsonNode other ->
          throw Problem.of(
              400,
              "invalid_request",
              "Invalid request",
              "the body must be an object" + JsonFields.not(other),
              null);
    };
  }

  private static String model(JsonFields fields) {
    String model = JsonFields.text(fields.require("model"), "model");
    if (model.isBlank()) {
      throw ApiProblems.invalid("model", "model must not be blank");
    }
    return model;
  }

  private static @Nullable Integer longest(String param, @Nullable Long value, int least) {
    if (value == null) {
      return null;
    }
    if (value < least) {
      throw ApiProblems.invalid(param, param + " must be at least " + least + ", not " + value);
    }
    return (int) Math.min(value, Integer.MAX_VALUE);
  }

  private static @Nullable String user(@Nullable String user) {
    if (user != null && user.length() > LONGEST_USER) {
      throw ApiProblems.invalid(
          "user", "user may have " + LONGEST_USER + " characters, not " + user.length());
    }
    return user == null || user.isBlank() ? null : user;
  }

  private static boolean includeUsage(@Nullable JsonFields options, boolean stream) {
    if (options == null) {
      return false;
    }
    if (!stream) {
      throw ApiProblems.invalid("stream_options", "stream_options goes with stream true only");
    }
    boolean includeUsage = options.flag("include_usage", false);
    options.ignore("include_obfuscation");
    options.end();
    return includeUsage;
  }

  private static List<String> stop(@Nullable JsonNode value) {
    List<String> stops = new ArrayList<>();
    switch (value) {
      case null -> {}
      case ArrayNode list -> {
        for (int i = 0; i < list.size(); i++) {
          stops.add(JsonFields.text(list.get(i), "stop[" + i + "]"));
        }
      }
      case JsonNode one -> {
        if (!one.isTextual()) {
          throw ApiProblems.invalid(
              "stop", "stop must be a string or a list of strings" + JsonFields.not(one));
        }
        stops.add(JsonFields.text(one, "stop"));
      }
    }
    if (stops.size() > MOST_STOPS) {
      throw ApiProblems.invalid(
          "stop", "stop may hold " + MOST_STOPS + " texts, not " + stops.size());
    }
    if (stops.contains("")) {
      throw ApiProblems.invalid("stop", "stop must not hold an empty text");
    }
    return stops;
  }

  private static String prompt(JsonNode value) {
    if (value instanceof ArrayNode list) {
      if (list.size() == 1 && list.get(0).isTextual()) {
        return nonEmpty(JsonFields.text(list.get(0), "prompt"));
      }
      throw ApiProblems.unsupported(
          "prompt", "prompt must be one string; several prompts and token lists are not supported");
    }
    return nonEmpty(JsonFields.text(value, "prompt"));
  }

  private static String nonEmpty(String prompt) {
    if (prompt.isEmpty()) {
      throw ApiProblems.invalid("prompt", "prompt must not be empty");
    }
    return prompt;
  }

  private static List<ChatMessage> messages(JsonNode value) {
    if (!(value instanceof ArrayNode list)) {
      throw ApiProblems.invalid("messages", "messages must be a list" + JsonFields.not(value));
    }
    if (list.isEmpty()) {
      throw ApiProblems.invalid("messages", "messages must not be empty");
    }
    List<ChatMessage> messages = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      messages.add(message(list.get(i), "messages[" + i + "]"));
    }
    return messages;
  }

  private static ChatMessage message(JsonNode value, String at) {
    if (!(value instanceof ObjectNode object)) {
      throw ApiProblems.invalid(at, at + " must be an object" + JsonFields.not(value));
    }
    JsonFields fields = new JsonFields(object, at);
    String role = JsonFields.text(fields.require("role"), fields.at("role"));
    String content = content(fields.require("content"), fields.at("content"));
    fields.ignore("name");
    fields.ignore("refusal");
    fields.ignore("annotations");
    UnservedFields.refuseInMessage(fields);
    fields.end();
    return switch (role) {
      case "system", "developer" -> ChatMessage.system(content);
      case "user" -> ChatMessage.user(content);
      case "assistant" -> ChatMessage.assistant(content);
      default ->
          throw ApiProblems.invalid(
              fields.at("role"),
              fields.at("role")
                  + " must be system, developer, user or assistant, not '"
                  + (role.length() > 40 ? role.substring(0, 40) + "..." : role)
                  + "'");
    };
  }

  private static String content(JsonNode value, String at) {
    if (!(value instanceof ArrayNode parts)) {
      if (!value.isTextual()) {
        throw ApiProblems.invalid(
            at, at + " must be a string or a list of text parts" + JsonFields.not(value));
      }
      return JsonFields.text(value, at);
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < parts.size(); i++) {
      String partAt = at + "[" + i + "]";
      if (!(parts.get(i) instanceof ObjectNode object)) {
        throw ApiProblems.invalid(
            partAt, partAt + " must be an object" + JsonFields.not(parts.get(i)));
      }
      JsonFields part = new JsonFields(object, partAt);
      String type = JsonFields.text(part.require("type"), part.at("type"));
      if (!type.equals("text")) {
        throw ApiProblems.unsupported(
            part.at("type"), part.at("type") + " must be text: only text can be answered");
      }
      text.append(JsonFields.text(part.require("text"), part.at("text")));
      part.end();
    }
    return text.toString();
  }
}
