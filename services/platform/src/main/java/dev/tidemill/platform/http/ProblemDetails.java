package dev.tidemill.platform.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;

/// Writes problems as `application/problem+json`: type, title, status, detail, instance and, where
/// one is at fault, field.
public final class ProblemDetails implements ProblemRenderer {

  public static final ProblemRenderer INSTANCE = new ProblemDetails();

  public static final String CONTENT_TYPE = "application/problem+json";

  private ProblemDetails() {}

  @Override
  public String contentType() {
    return CONTENT_TYPE;
  }

  @Override
  public byte[] body(Problem problem, String path) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("type", "urn:tidemill:problem:" + problem.slug());
    node.put("title", problem.title());
    node.put("status", problem.status());
    node.put("detail", problem.detail());
    if (problem.field() != null) {
      node.put("field", problem.field());
    }
    node.put("instance", path);
    try {
      return Json.mapper().writeValueAsBytes(node);
    } catch (JsonProcessingException e) {
      // A tree of strings and numbers can always be written.
      return "{}".getBytes(StandardCharsets.UTF_8);
    }
  }
}
