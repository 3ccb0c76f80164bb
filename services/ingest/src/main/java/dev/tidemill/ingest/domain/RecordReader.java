package dev.tidemill.ingest.domain;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tidemill.events.Demonstration;
import dev.tidemill.events.Document;
import dev.tidemill.events.Erasure;
import dev.tidemill.events.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Makes a record of a JSON object, or says why it is none. The JSON mirrors the Avro records of
/// `schemas/`; the producer is the request's, never the body's.
public final class RecordReader {

  private static final List<String> DOCUMENT =
      List.of("id", "key", "source", "licence", "subject", "title", "text", "tags", "event_time");
  private static final List<String> DEMONSTRATION =
      List.of("id", "task", "prompt", "answer", "template", "record", "subject", "event_time");
  private static final List<String> ERASURE = List.of("id", "subject", "reason", "event_time");
  private static final List<String> MESSAGE = List.of("role", "content");
  private static final Set<String> ROLES = Set.of("system", "user", "assistant");

  private static final TemplateLibrary.Filled.Instruction NOTHING =
      new TemplateLibrary.Filled.Instruction("", "");

  // A task is part of release ids, lineages and file names.
  private static final Pattern TASK = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

  private final Limits limits;
  private final TemplateLibrary templates;

  /// With the built-in templates.
  public RecordReader(Limits limits) {
    this(limits, TemplateLibrary.with(Map.of()));
  }

  public RecordReader(Limits limits, TemplateLibrary templates) {
    this.limits = limits;
    this.templates = templates;
  }

  public Limits limits() {
    return limits;
  }

  /// Reads one object.
  ///
  /// @param index position of the record in its request
  /// @param path path of the object in the body; empty when it is the body
  public Reading read(Kind kind, JsonNode node, int index, String path, Arrival arrival) {
    Fields.Finding finding = new Fields.Finding(limits.maxRecordBytes());
    RawRecord record =
        switch (kind) {
          case DOCUMENT -> document(Fields.of(node, path, finding, DOCUMENT), index, arrival);
          case DEMONSTRATION ->
              demonstration(Fields.of(node, path, finding, DEMONSTRATION), index, arrival);
          case FEEDBACK -> FeedbackReader.read(node, index, path, finding, arrival, limits);
          case ERASURE -> erasure(Fields.of(node, path, finding, ERASURE), index, arrival);
        };
    @Nullable Rejection fault = finding.first();
    return fault == null ? new Reading.Accepted(record) : new Reading.Rejected(fault);
  }

  static String id(Fields fields, int index, Arrival arrival) {
    @Nullable String id = fields.optionalIdentifier("id");
    return id == null ? arrival.ids().apply(index) : id;
  }

  private RawRecord document(Fields fields, int index, Arrival arrival) {
    return new RawRecord.OfDocument(
        Document.newBuilder()
            .setId(id(fields, index, arrival))
            .setKey(fields.identifier("key"))
            .setProducer(arrival.producer())
            .setSource(fields.identifier("source"))
            .setLicence(fields.optionalIdentifier("licence"))
            .setSubject(fields.optionalIdentifier("subject"))
            .setTitle(fields.optionalText("title"))
            .setText(fields.text("text"))
            .setTags(fields.labels("tags"))
            .setEventTime(fields.time("event_time", arrival.at(), limits))
            .build());
  }

  private RawRecord demonstration(Fields fields, int index, Arrival arrival) {
    String id = id(fields, index, arrival);
    String task = fields.identifier("task");
    if (!TASK.matcher(task).matches()) {
      fields.refuse(
          Reason.INVALID_FIELD,
          "task",
          fields.at("task")
              + " must be 1 to 128 letters, digits, dots, dashes or underscores and begin with a"
              + " letter or digit");
    }
    boolean templated = fields.has("template") || fields.has("record");
    TemplateLibrary.Filled.Instruction filled = templated ? filled(fields) : NOTHING;
    return new RawRecord.OfDemonstration(
        Demonstration.newBuilder()
            .setId(id)
            .setProducer(arrival.producer())
            .setSubject(fields.optionalIdentifier("subject"))
            .setTask(task)
            .setPrompt(templated ? List.of(new Message("user", filled.prompt())) : prompt(fields))
            .setAnswer(templated ? filled.answer() : fields.text("answer"))
            .setEventTime(fields.time("event_time", arrival.at(), limits))
            .build());
  }

  // A template and a record stand for prompt and answer.
  private TemplateLibrary.Filled.Instruction filled(Fields fields) {
    for (String instead : List.of("prompt", "answer")) {
      if (fields.has(instead)) {
        fields.refuse(
            Reason.INVALID_FIELD,
            instead,
            fields.at(instead) + " must be left out where template and record stand for it");
      }
    }
    Map<String, String> record = fields.record("record");
    return switch (templates.fill(fields.identifier("template"), record)) {
      case TemplateLibrary.Filled.Instruction instruction -> {
        fields.count("record", instruction.prompt());
        fields.count("record", instruction.answer());
        yield instruction;
      }
      case TemplateLibrary.Filled.Fault(String field, String detail) -> {
        fields.refuse(Reason.INVALID_FIELD, field, detail);
        yield NOTHING;
      }
    };
  }

  private RawRecord erasure(Fields fields, int index, Arrival arrival) {
    return new RawRecord.OfErasure(
        Erasure.newBuilder()
            .setId(id(fields, index, arrival))
            .setProducer(arrival.producer())
            .setSubject(fields.identifier("subject"))
            .setReason(Objects.requireNonNullElse(fields.optionalText("reason"), ""))
            .setEventTime(fields.time("event_time", arrival.at(), limits))
            .build());
  }

  // A plain string stands for one turn of the user.
  private static List<Message> prompt(Fields fields) {
    JsonNode prompt = fields.get("prompt");
    String at = fields.at("prompt");
    if (prompt.isTextual()) {
      return List.of(new Message("user", fields.text("prompt")));
    }
    if (!prompt.isArray()) {
      fields
          .finding()
          .add(
              prompt.isMissingNode()
                  ? new Rejection(
                      Reason.MISSING_FIELD,
                      at,
                      at + " is missing; it must be a list of messages or a string")
                  : Fields.wrongType(at, at, "a list of messages or a string", prompt));
      return List.of();
    }
    if (prompt.isEmpty()) {
      fields.refuse(Reason.INVALID_FIELD, "prompt", at + " must hold at least one message");
      return List.of();
    }
    List<Message> messages = new ArrayList<>();
    for (JsonNode message : prompt) {
      messages.add(message(message, at + "[" + messages.size() + "]", fields.finding()));
    }
    int last = messages.size() - 1;
    if (!messages.get(last).getRole().equals("user")) {
      String role = at + "[" + last + "].role";
      fields
          .finding()
          .add(
              new Rejection(
                  Reason.INVALID_FIELD, role, role + " must be user: the last turn is the user's"));
    }
    return messages;
  }

  private static Message message(JsonNode node, String path, Fields.Finding finding) {
    Fields fields = Fields.of(node, path, finding, MESSAGE);
    String role = fields.text("role");
    if (!ROLES.contains(role)) {
      fields.refuse(
          Reason.INVALID_FIELD,
          "role",
          fields.at("role")
              + " must be system, user or assistant, was \""
              + Fields.shown(role)
              + "\"");
    }
    return new Message(role, fields.text("content"));
  }
}
