package dev.tidemill.inference.domain;

import dev.tidemill.platform.http.Problem;
import org.jspecify.annotations.Nullable;

/// The refusals of the API, each with the code that OpenAI's clients know where there is one.
public final class ApiProblems {
  private ApiProblems() {}

  /// A parameter of the wrong type or out of range.
  public static Problem invalid(String param, String detail) {
    return Problem.of(400, "invalid_value", "Invalid value", detail, param);
  }

  /// A parameter that must be there.
  public static Problem missing(String param) {
    return Problem.of(
        400, "missing_required_parameter", "Missing parameter", param + " is missing", param);
  }

  /// A parameter that nobody knows.
  public static Problem unknown(String param) {
    return Problem.of(
        400, "unknown_parameter", "Unknown parameter", param + " is not a known parameter", param);
  }

  /// A parameter of OpenAI's that would change the answer and is not served here.
  public static Problem unsupported(String param) {
    return unsupported(param, param + " is not supported");
  }

  public static Problem unsupported(String param, String detail) {
    return Problem.of(400, "unsupported_parameter", "Unsupported parameter", detail, param);
  }

  /// The prompt leaves no room for an answer.
  public static Problem contextLength(String param, int promptTokens, int longest) {
    return Problem.of(
        400,
        "context_length_exceeded",
        "Prompt too long",
        "the prompt has %d tokens, and prompt and answer together may have %d"
            .formatted(promptTokens, longest),
        param);
  }

  /// A task or release that is not served here.
  public static Problem modelNotFound(String model, @Nullable String why) {
    return Problem.of(
        404,
        "model_not_found",
        "Unknown model",
        "the model '" + shorten(model) + "' is not served here" + (why == null ? "" : ": " + why),
        "model");
  }

  private static String shorten(String text) {
    return text.length() <= 120 ? text : text.substring(0, 120) + "...";
  }
}
