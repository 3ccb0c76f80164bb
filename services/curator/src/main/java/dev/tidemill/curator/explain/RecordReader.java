package dev.tidemill.curator.explain;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tidemill.curator.domain.Raw;
import dev.tidemill.events.Correction;
import dev.tidemill.events.Demonstration;
import dev.tidemill.events.Document;
import dev.tidemill.events.Feedback;
import dev.tidemill.events.Message;
import dev.tidemill.events.Preference;
import dev.tidemill.events.Rating;
import dev.tidemill.events.Retraction;
import dev.tidemill.events.SourcePosition;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/// Makes records of JSON in the shape that ingest takes. It is lenient where texts are not
/// concerned: a name that is left out is the place of the record.
final class RecordReader {
  private RecordReader() {}

  /// What stands for a producer here.
  private static final String PRODUCER = "explain";

  /// The record, or nothing when the object is none.
  static Optional<SpecificRecord> read(JsonNode json, String place) {
    if (json.has("completion_id")) {
      return evidence(json).map(evidence -> feedback(json, place, evidence));
    }
    if (json.has("answer")) {
      return Optional.of(demonstration(json, place));
    }
    return json.has("text") ? Optional.of(document(json, place)) : Optional.empty();
  }

  /// The raw record under the key that it would have.
  static Raw raw(SpecificRecord record) {
    String key =
        switch (record) {
          case Document document -> document.getKey();
          case Demonstration demonstration -> demonstration.getId();
          case Feedback feedback -> feedback.getCompletionId();
          case SpecificRecord other ->
              throw new IllegalStateException("nobody reads a " + other.getSchema().getName());
        };
    return new Raw(
        new SourcePosition("explain", 0, 0L),
        0,
        ByteBuffer.wrap(key.getBytes(StandardCharsets.UTF_8)),
        null);
  }

  private static Document document(JsonNode json, String place) {
    return Document.newBuilder()
        .setId(string(json, "id", place))
        .setKey(string(json, "key", place))
        .setProducer(PRODUCER)
        .setSource(string(json, "source", ""))
        .setLicence(optional(json, "licence"))
        .setSubject(optional(json, "subject"))
        .setTitle(optional(json, "title"))
        .setText(string(json, "text", ""))
        .setTags(Map.of())
        .setEventTime(Instant.EPOCH)
        .build();
  }

  private static Demonstration demonstration(JsonNode json, String place) {
    List<Message> prompt = new ArrayList<>();
    JsonNode turns = json.path("prompt");
    if (turns.isTextual()) {
      prompt.add(new Message("user", turns.textValue()));
    }
    for (JsonNode turn : turns) {
      prompt.add(new Message(string(turn, "role", ""), string(turn, "content", "")));
    }
    return Demonstration.newBuilder()
        .setId(string(json, "id", place))
        .setProducer(PRODUCER)
        .setSubject(optional(json, "subject"))
        .setTask(string(json, "task", "task"))
        .setPrompt(prompt)
        .setAnswer(string(json, "answer", ""))
        .setEventTime(Instant.EPOCH)
        .build();
  }

  private static Feedback feedback(JsonNode json, String place, Object evidence) {
    return Feedback.newBuilder()
        .setId(string(json, "id", place))
        .setCompletionId(string(json, "completion_id", place))
        .setProducer(PRODUCER)
        .setSubject(optional(json, "subject"))
        .setEvidence(evidence)
        .setEventTime(Instant.EPOCH)
        .build();
  }

  private static Optional<Object> evidence(JsonNode json) {
    if (json.has("correction")) {
      return Optional.of(new Correction(string(json.get("correction"), "text", "")));
    }
    if (json.has("preference")) {
      JsonNode preference = json.get("preference");
      return Optional.of(
          new Preference(
              optional(preference, "other_completion_id"),
              string(preference, "other_text", ""),
              preference.path("other_is_better").asBoolean()));
    }
    if (json.has("rating")) {
      return Optional.of(new Rating(json.get("rating").path("value").asDouble(), null));
    }
    return json.has("retraction")
        ? Optional.of(new Retraction(string(json.get("retraction"), "feedback_id", "")))
        : Optional.empty();
  }

  private static String string(JsonNode json, String field, String absent) {
    @Nullable String value = optional(json, field);
    return value == null ? absent : value;
  }

  private static @Nullable String optional(JsonNode json, String field) {
    return json.hasNonNull(field) ? json.get(field).asText() : null;
  }
}
