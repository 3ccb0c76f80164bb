package dev.tidemill.client;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Writes records as the gateway's JSON, and reads its problems.
final class Wire {

  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final JsonFactory FACTORY = MAPPER.getFactory();

  private Wire() {}

  static String path(Push push) {
    if (push instanceof Document) {
      return "/v1/documents";
    } else if (push instanceof Demonstration) {
      return "/v1/demonstrations";
    } else if (push instanceof Feedback) {
      return "/v1/feedback";
    } else {
      return "/v1/erasures";
    }
  }

  /// One line of NDJSON, with its end.
  static byte[] line(Push push) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
    try (JsonGenerator json = FACTORY.createGenerator(bytes)) {
      json.writeStartObject();
      if (push instanceof Document document) {
        write(json, document);
      } else if (push instanceof Demonstration demonstration) {
        write(json, demonstration);
      } else if (push instanceof Feedback feedback) {
        write(json, feedback);
      } else if (push instanceof Erasure erasure) {
        write(json, erasure);
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("a record cannot be written as JSON", e);
    }
    bytes.write('\n');
    return bytes.toByteArray();
  }

  /// The tree of an answer; an empty one when it is no JSON.
  static JsonNode tree(byte[] body) {
    try {
      @Nullable JsonNode tree = MAPPER.readTree(body);
      return tree == null ? MAPPER.createObjectNode() : tree;
    } catch (IOException e) {
      return MAPPER.createObjectNode();
    }
  }

  static Problem problem(JsonNode node, int status) {
    @Nullable JsonNode field = node.get("field");
    return new Problem(
        node.path("type").asText("about:blank"),
        node.path("title").asText("HTTP " + status),
        node.path("status").asInt(status),
        node.path("detail").asText("the gateway answered " + status + " without saying why"),
        field == null ? null : field.asText());
  }

  private static void write(JsonGenerator json, Document document) throws IOException {
    common(json, document.id(), document.subject(), document.eventTime());
    json.writeStringField("key", document.key());
    json.writeStringField("source", document.source());
    json.writeStringField("text", document.text());
    optional(json, "title", document.title());
    optional(json, "licence", document.licence());
    if (!document.tags().isEmpty()) {
      json.writeObjectFieldStart("tags");
      for (Map.Entry<String, String> tag : document.tags().entrySet()) {
        json.writeStringField(tag.getKey(), tag.getValue());
      }
      json.writeEndObject();
    }
  }

  private static void write(JsonGenerator json, Demonstration demonstration) throws IOException {
    common(json, demonstration.id(), demonstration.subject(), demonstration.eventTime());
    json.writeStringField("task", demonstration.task());
    json.writeArrayFieldStart("prompt");
    for (Demonstration.Turn turn : demonstration.prompt()) {
      json.writeStartObject();
      json.writeStringField("role", turn.role());
      json.writeStringField("content", turn.content());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeStringField("answer", demonstration.answer());
  }

  private static void write(JsonGenerator json, Feedback feedback) throws IOException {
    common(json, feedback.id(), feedback.subject(), feedback.eventTime());
    json.writeStringField("completion_id", feedback.completionId());
    Feedback.Evidence evidence = feedback.evidence();
    if (evidence instanceof Feedback.Rating rating) {
      json.writeObjectFieldStart("rating");
      json.writeNumberField("value", rating.value());
      optional(json, "comment", rating.comment());
    } else if (evidence instanceof Feedback.Correction correction) {
      json.writeObjectFieldStart("correction");
      json.writeStringField("text", correction.text());
    } else if (evidence instanceof Feedback.Preference preference) {
      json.writeObjectFieldStart("preference");
      optional(json, "other_completion_id", preference.otherCompletionId());
      json.writeStringField("other_text", preference.otherText());
      json.writeBooleanField("other_is_better", preference.otherIsBetter());
    } else if (evidence instanceof Feedback.Retraction retraction) {
      json.writeObjectFieldStart("retraction");
      json.writeStringField("feedback_id", retraction.feedbackId());
    }
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, Erasure erasure) throws IOException {
    common(json, erasure.id(), null, erasure.eventTime());
    json.writeStringField("subject", erasure.subject());
    optional(json, "reason", erasure.reason());
  }

  private static void common(
      JsonGenerator json, @Nullable String id, @Nullable String subject, @Nullable Instant time)
      throws IOException {
    optional(json, "id", id);
    optional(json, "subject", subject);
    optional(json, "event_time", time == null ? null : time.toString());
  }

  private static void optional(JsonGenerator json, String name, @Nullable String value)
      throws IOException {
    if (value != null) {
      json.writeStringField(name, value);
    }
  }
}
