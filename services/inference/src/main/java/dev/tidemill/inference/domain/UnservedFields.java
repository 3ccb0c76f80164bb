package dev.tidemill.inference.domain;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Fields of OpenAI's API that are not served: refused by name unless they hold the value that
/// changes nothing, or ignored because they never change an answer.
final class UnservedFields {

  /// Never change an answer.
  private static final List<String> HARMLESS =
      List.of(
          "metadata",
          "store",
          "service_tier",
          "parallel_tool_calls",
          "prompt_cache_key",
          "prompt_cache_retention",
          "safety_identifier");

  /// Change an answer whatever they hold.
  private static final List<String> CHANGING =
      List.of(
          "guided_json",
          "guided_regex",
          "structured_outputs",
          "ignore_eos",
          "min_tokens",
          "stop_token_ids");

  private static final List<String> CHANGING_CHAT =
      List.of(
          "functions",
          "function_call",
          "audio",
          "prediction",
          "web_search_options",
          "reasoning_effort",
          "verbosity");

  private UnservedFields() {}

  static void refuseInChat(JsonFields fields) {
    refuse(fields, CHANGING_CHAT);
    refuseUnless(fields, "tools", value -> value.isArray() && value.isEmpty());
    refuseUnless(fields, "tool_choice", value -> isText(value, "none") || isText(value, "auto"));
    refuseUnless(fields, "modalities", value -> value.size() == 1 && isText(value.path(0), "text"));
    refuse(fields, CHANGING);
  }

  static void refuseInText(JsonFields fields) {
    refuse(fields, List.of("suffix"));
    @Nullable JsonNode bestOf = fields.take("best_of");
    if (bestOf != null && !(bestOf.isIntegralNumber() && bestOf.asLong() == 1)) {
      throw ApiProblems.unsupported(
          "best_of", "best_of is not supported; ask for n answers with logprobs and choose");
    }
    refuse(fields, CHANGING);
  }

  static void refuseInMessage(JsonFields fields) {
    refuse(fields, List.of("tool_calls", "tool_call_id", "function_call", "audio"));
  }

  static void ignoreHarmless(JsonFields fields) {
    HARMLESS.forEach(fields::ignore);
  }

  @FunctionalInterface
  private interface Neutral {
    boolean test(JsonNode value);
  }

  private static void refuse(JsonFields fields, List<String> names) {
    names.forEach(name -> refuseUnless(fields, name, value -> false));
  }

  private static void refuseUnless(JsonFields fields, String name, Neutral neutral) {
    @Nullable JsonNode value = fields.take(name);
    if (value != null && !neutral.test(value)) {
      throw ApiProblems.unsupported(fields.at(name));
    }
  }

  private static boolean isText(JsonNode value, String text) {
    return value.isTextual() && value.textValue().equals(text);
  }
}
