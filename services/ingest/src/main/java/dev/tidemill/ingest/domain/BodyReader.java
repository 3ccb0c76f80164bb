package dev.tidemill.ingest.domain;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads a request's body. A JSON body is one record or a list of them and is taken in as a whole
/// or not at all; an NDJSON body is taken in line by line. Whatever the bytes are, reading returns.
public final class BodyReader {

  private sealed interface Parsed {
    record Tree(JsonNode node) implements Parsed {}

    record Faulty(Rejection rejection) implements Parsed {}
  }

  private final JsonMapper mapper;
  private final RecordReader records;

  /// @param mapper strict in reading: duplicate keys and trailing tokens refused
  public BodyReader(JsonMapper mapper, RecordReader records) {
    this.mapper = mapper;
    this.records = records;
  }

  /// Reads `application/json`.
  public Intake json(Kind kind, byte[] body, Arrival arrival) {
    return switch (parse(body, 0, body.length)) {
      case Parsed.Faulty(Rejection rejection) -> new Intake.Refused(rejection);
      case Parsed.Tree(JsonNode node) when node.isArray() -> array(kind, node, arrival);
      case Parsed.Tree(JsonNode node) ->
          switch (records.read(kind, node, 0, "", arrival)) {
            case Reading.Accepted(RawRecord record) -> new Intake.Whole(List.of(record));
            case Reading.Rejected(Rejection rejection) -> new Intake.Refused(rejection);
          };
    };
  }

  /// Reads `application/x-ndjson`.
  public Intake ndjson(Kind kind, byte[] body, Arrival arrival) {
    List<Intake.Line> lines = new ArrayList<>();
    Map<String, Integer> seen = new HashMap<>();
    int number = 0;
    for (int from = 0; from < body.length; ) {
      int to = from;
      while (to < body.length && body[to] != '\n') {
        to++;
      }
      number++;
      if (!blank(body, from, to)) {
        if (lines.size() == records.limits().maxRecords()) {
          return new Intake.Refused(tooMany());
        }
        Reading reading =
            switch (parse(body, from, to)) {
              case Parsed.Faulty(Rejection rejection) -> new Reading.Rejected(rejection);
              case Parsed.Tree(JsonNode node) ->
                  records.read(kind, node, lines.size(), "", arrival);
            };
        lines.add(new Intake.Line(number, unrepeated(reading, number, seen)));
      }
      from = to + 1;
    }
    return lines.isEmpty()
        ? new Intake.Refused(new Rejection(Reason.EMPTY, null, "the body holds no line"))
        : new Intake.Lines(lines);
  }

  private Intake array(Kind kind, JsonNode array, Arrival arrival) {
    if (array.isEmpty()) {
      return new Intake.Refused(new Rejection(Reason.EMPTY, null, "the list holds no record"));
    }
    if (array.size() > records.limits().maxRecords()) {
      return new Intake.Refused(tooMany());
    }
    List<RawRecord> accepted = new ArrayList<>();
    Map<String, Integer> seen = new HashMap<>();
    for (JsonNode node : array) {
      int index = accepted.size();
      switch (records.read(kind, node, index, "[" + index + "]", arrival)) {
        case Reading.Rejected(Rejection rejection) -> {
          return new Intake.Refused(rejection);
        }
        case Reading.Accepted(RawRecord record) -> {
          @Nullable Integer earlier = seen.putIfAbsent(record.id(), index);
          if (earlier != null) {
            return new Intake.Refused(repeated("[" + index + "].id", "[" + earlier + "]", record));
          }
          accepted.add(record);
        }
      }
    }
    return new Intake.Whole(accepted);
  }

  // The curator would drop the second of two records with one id; better to say so now.
  private static Reading unrepeated(Reading reading, int number, Map<String, Integer> seen) {
    return switch (reading) {
      case Reading.Rejected rejected -> rejected;
      case Reading.Accepted accepted -> {
        @Nullable Integer earlier = seen.putIfAbsent(accepted.record().id(), number);
        yield earlier == null
            ? accepted
            : new Reading.Rejected(repeated("id", "line " + earlier, accepted.record()));
      }
    };
  }

  private Parsed parse(byte[] bytes, int from, int to) {
    if (!Utf8.sound(bytes, from, to)) {
      return malformed("it is not UTF-8", null);
    }
    try {
      @Nullable JsonNode node = mapper.readTree(bytes, from, to - from);
      return node == null || node.isMissingNode()
          ? new Parsed.Faulty(
              new Rejection(Reason.EMPTY, null, "the body is empty; JSON is wanted"))
          : new Parsed.Tree(node);
    } catch (JsonProcessingException e) {
      return malformed(firstLine(e.getOriginalMessage()), e.getLocation());
    } catch (IOException e) {
      return malformed(firstLine(e.getMessage()), null);
    }
  }

  private static Parsed malformed(String what, @Nullable JsonLocation at) {
    String place = at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr();
    return new Parsed.Faulty(
        new Rejection(
            Reason.MALFORMED_JSON, null, "the body is not sound JSON" + place + ": " + what));
  }

  private static String firstLine(@Nullable String message) {
    return message == null
        ? "it cannot be parsed"
        : message.lines().findFirst().orElse("it cannot be parsed");
  }

  private Rejection tooMany() {
    return new Rejection(
        Reason.TOO_MANY_RECORDS,
        null,
        "the body holds more records than the limit of " + records.limits().maxRecords());
  }

  private static Rejection repeated(String field, String earlier, RawRecord record) {
    return new Rejection(
        Reason.REPEATED_ID,
        field,
        field + " \"" + Fields.shown(record.id()) + "\" is the id of " + earlier + " already");
  }

  private static boolean blank(byte[] body, int from, int to) {
    for (int i = from; i < to; i++) {
      if (body[i] != ' ' && body[i] != '\t' && body[i] != '\r') {
        return false;
      }
    }
    return true;
  }
}
