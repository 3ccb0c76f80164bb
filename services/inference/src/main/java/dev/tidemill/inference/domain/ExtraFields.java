package dev.tidemill.inference.domain;

import dev.tidemill.inference.domain.AnswerRequest.Extras;
import org.jspecify.annotations.Nullable;

/// The fields that ask for more than one bare answer: `n`, `logprobs`, `echo`, `response_format`.
final class ExtraFields {
  private static final int MOST_CHOICES = 128;
  private static final int MOST_IN_CHAT = 20;
  private static final int MOST_IN_TEXT = 5;

  private ExtraFields() {}

  static Extras inChat(JsonFields fields) {
    boolean scored = fields.flag("logprobs", false);
    @Nullable Long top = fields.integer("top_logprobs");
    if (top != null && (top < 0 || top > MOST_IN_CHAT)) {
      throw ApiProblems.invalid(
          "top_logprobs", "top_logprobs must be from 0 to %d, not %d".formatted(MOST_IN_CHAT, top));
    }
    if (top != null && top > 0 && !scored) {
      throw ApiProblems.invalid("top_logprobs", "top_logprobs goes with logprobs true only");
    }
    int scores = scored ? top == null ? 0 : top.intValue() : -1;
    return new Extras(false, scores, json(fields.object("response_format")));
  }

  static Extras inText(JsonFields fields) {
    @Nullable Long scores = fields.integer("logprobs");
    if (scores != null && (scores < 0 || scores > MOST_IN_TEXT)) {
      throw ApiProblems.invalid(
          "logprobs", "logprobs must be from 0 to %d, not %d".formatted(MOST_IN_TEXT, scores));
    }
    boolean echo = fields.flag("echo", false);
    return new Extras(echo, scores == null ? -1 : scores.intValue(), false);
  }

  static int choices(JsonFields fields) {
    @Nullable Long n = fields.integer("n");
    if (n != null && (n < 1 || n > MOST_CHOICES)) {
      throw ApiProblems.invalid("n", "n must be from 1 to %d, not %d".formatted(MOST_CHOICES, n));
    }
    return n == null ? 1 : n.intValue();
  }

  private static boolean json(@Nullable JsonFields format) {
    if (format == null) {
      return false;
    }
    String at = format.at("type");
    String type = JsonFields.text(format.require("type"), at);
    boolean json =
        switch (type) {
          case "text" -> false;
          case "json_schema" ->
              throw ApiProblems.unsupported(
                  at, at + " json_schema is not supported; json_object gives any JSON object");
          case "json_object" -> true;
          default ->
              throw ApiProblems.invalid(
                  at, at + " must be text or json_object, not another string");
        };
    format.end();
    return json;
  }
}
