package dev.tidemill.ingest.io;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.tidemill.ingest.domain.Intake;
import dev.tidemill.ingest.domain.RawRecord;
import dev.tidemill.ingest.domain.Reading;
import dev.tidemill.ingest.domain.Rejection;
import dev.tidemill.platform.http.Json;
import dev.tidemill.platform.http.Problem;
import dev.tidemill.platform.http.ProblemDetails;
import java.io.UncheckedIOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Writes the gateway's answers.
final class Answers {

  private static final String TYPE = "urn:tidemill:problem:";

  private record Taken(int accepted, List<String> ids) {}

  private record Fault(
      String type, String title, int status, String detail, @Nullable String field) {}

  private record LineResult(
      int line, @Nullable String id, String status, @Nullable Fault problem) {}

  private record LinesTaken(int accepted, int rejected, List<LineResult> results) {}

  private record NoLineTaken(
      String type,
      String title,
      int status,
      String detail,
      int accepted,
      int rejected,
      List<LineResult> results) {}

  private Answers() {}

  static Problem problem(Rejection rejection) {
    return Problem.of(
        rejection.reason().status(),
        rejection.reason().slug(),
        rejection.reason().title(),
        rejection.detail(),
        rejection.field());
  }

  static Answer taken(List<RawRecord> records) {
    List<String> ids = records.stream().map(RawRecord::id).toList();
    return json(202, "application/json", new Taken(ids.size(), ids));
  }

  /// 202 when at least one line was taken in, else a problem that has the lines' results too.
  static Answer lines(Intake.Lines lines) {
    List<LineResult> results = lines.lines().stream().map(Answers::result).toList();
    int accepted = lines.accepted().size();
    int rejected = results.size() - accepted;
    return accepted > 0
        ? json(202, "application/json", new LinesTaken(accepted, rejected, results))
        : json(
            400,
            ProblemDetails.CONTENT_TYPE,
            new NoLineTaken(
                TYPE + "no-line-accepted",
                "No line accepted",
                400,
                "none of the " + rejected + " lines could be taken in; each has its reason",
                0,
                rejected,
                results));
  }

  private static LineResult result(Intake.Line line) {
    return switch (line.reading()) {
      case Reading.Accepted(RawRecord record) ->
          new LineResult(line.number(), record.id(), "accepted", null);
      case Reading.Rejected(Rejection rejection) ->
          new LineResult(
              line.number(),
              null,
              "rejected",
              new Fault(
                  TYPE + rejection.reason().slug(),
                  rejection.reason().title(),
                  rejection.reason().status(),
                  rejection.detail(),
                  rejection.field()));
    };
  }

  private static Answer json(int status, String contentType, Object body) {
    try {
      return new Answer(status, contentType, Json.mapper().writeValueAsBytes(body));
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException("an answer of strings and numbers cannot be written", e);
    }
  }
}
