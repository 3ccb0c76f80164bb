package dev.tidemill.inference.io;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.platform.http.Json;
import dev.tidemill.platform.http.Problem;
import dev.tidemill.platform.http.ProblemRenderer;
import java.nio.charset.StandardCharsets;

/// Writes problems as OpenAI does: `{"error": {"message", "type", "param", "code"}}`.
final class OpenAiErrors implements ProblemRenderer {
  static final OpenAiErrors INSTANCE = new OpenAiErrors();

  private OpenAiErrors() {}

  @Override
  public String contentType() {
    return "application/json";
  }

  @Override
  public byte[] body(Problem problem, String path) {
    try {
      return Json.mapper().writeValueAsBytes(json(problem));
    } catch (JsonProcessingException e) {
      // A tree of strings can always be written.
      return "{\"error\":{}}".getBytes(StandardCharsets.UTF_8);
    }
  }

  /// The error as an object, for the middle of a stream too.
  static ObjectNode json(Problem problem) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    ObjectNode error = body.putObject("error");
    error.put("message", problem.detail());
    error.put("type", type(problem.status()));
    error.put("param", problem.field());
    error.put("code", code(problem));
    return body;
  }

  private static String type(int status) {
    return switch (status) {
      case 401 -> "authentication_error";
      case 403 -> "permission_error";
      case 429 -> "rate_limit_error";
      default -> status >= 500 ? "server_error" : "invalid_request_error";
    };
  }

  private static String code(Problem problem) {
    return switch (problem.slug()) {
      case "unauthorized" -> "invalid_api_key";
      case "too-many-requests", "rate-limited" -> "rate_limit_exceeded";
      case "unavailable" -> "service_unavailable";
      case "internal" -> "internal_error";
      case "malformed-json" -> "invalid_json";
      case "too-large" -> "request_too_large";
      case "bad-request" -> "invalid_request";
      default -> problem.slug().replace('-', '_');
    };
  }
}
