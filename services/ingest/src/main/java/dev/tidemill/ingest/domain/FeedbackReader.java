package dev.tidemill.ingest.domain;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tidemill.events.Correction;
import dev.tidemill.events.Feedback;
import dev.tidemill.events.Preference;
import dev.tidemill.events.Rating;
import dev.tidemill.events.Retraction;
import java.util.List;
import java.util.Map;

/// Reads feedback in our own shape, which carries exactly one evidence, or in the shape of
/// TensorZero's feedback call, which is told by its `metric_name`.
final class FeedbackReader {

  private static final List<String> EVIDENCE =
      List.of("rating", "correction", "preference", "retraction");
  private static final List<String> FIELDS =
      List.of(
          "id",
          "completion_id",
          "subject",
          "event_time",
          "rating",
          "correction",
          "preference",
          "retraction");
  private static final List<String> TENSORZERO =
      List.of("metric_name", "value", "inference_id", "tags");

  private FeedbackReader() {}

  static RawRecord read(
      JsonNode node,
      int index,
      String path,
      Fields.Finding finding,
      Arrival arrival,
      Limits limits) {
    return node.has("metric_name")
        ? tensorZero(Fields.of(node, path, finding, TENSORZERO), index, arrival, limits)
        : own(Fields.of(node, path, finding, FIELDS), index, arrival, limits);
  }

  private static RawRecord own(Fields fields, int index, Arrival arrival, Limits limits) {
    return new RawRecord.OfFeedback(
        Feedback.newBuilder()
            .setId(RecordReader.id(fields, index, arrival))
            .setCompletionId(fields.identifier("completion_id"))
            .setProducer(arrival.producer())
            .setSubject(fields.optionalIdentifier("subject"))
            .setEvidence(evidence(fields))
            .setEventTime(fields.time("event_time", arrival.at(), limits))
            .build());
  }

  private static Object evidence(Fields fields) {
    List<String> given = EVIDENCE.stream().filter(fields::has).toList();
    if (given.size() > 1) {
      fields.refuse(
          Reason.INVALID_FIELD,
          given.get(1),
          "feedback carries exactly one evidence, this one carries " + String.join(" and ", given));
    }
    if (fields.has("rating")) {
      Fields rating = fields.object("rating", List.of("value", "comment"));
      return new Rating(rating.fraction("value"), rating.optionalText("comment"));
    }
    if (fields.has("correction")) {
      return new Correction(fields.object("correction", List.of("text")).text("text"));
    }
    if (fields.has("preference")) {
      Fields preference =
          fields.object(
              "preference", List.of("other_completion_id", "other_text", "other_is_better"));
      return new Preference(
          preference.optionalIdentifier("other_completion_id"),
          preference.text("other_text"),
          preference.flag("other_is_better"));
    }
    if (!fields.has("retraction")) {
      fields.refuse(
          Reason.MISSING_FIELD,
          "rating",
          "feedback carries exactly one of rating, correction, preference and retraction; this one"
              + " carries none");
      return new Retraction("");
    }
    return new Retraction(
        fields.object("retraction", List.of("feedback_id")).identifier("feedback_id"));
  }

  // Their metrics are boolean or float, and become ratings; their demonstration is our correction.
  // Of the tags, `subject` says who gave it; the metric's name is kept as the comment.
  private static RawRecord tensorZero(Fields fields, int index, Arrival arrival, Limits limits) {
    String metric = fields.identifier("metric_name");
    Map<String, String> tags = fields.labels("tags");
    return new RawRecord.OfFeedback(
        Feedback.newBuilder()
            .setId(RecordReader.id(fields, index, arrival))
            .setCompletionId(fields.identifier("inference_id"))
            .setProducer(arrival.producer())
            .setSubject(tags.get("subject"))
            .setEvidence(tensorZeroEvidence(fields, metric))
            .setEventTime(fields.time("event_time", arrival.at(), limits))
            .build());
  }

  private static Object tensorZeroEvidence(Fields fields, String metric) {
    if (metric.equals("demonstration")) {
      return new Correction(fields.text("value"));
    }
    if (metric.equals("comment")) {
      fields.refuse(
          Reason.INVALID_FIELD,
          "metric_name",
          "a bare comment is no evidence; send it as rating.comment");
    }
    boolean thumb = fields.get("value").isBoolean();
    double value = thumb ? (fields.flag("value") ? 1 : 0) : fields.fraction("value");
    return new Rating(value, metric);
  }
}
