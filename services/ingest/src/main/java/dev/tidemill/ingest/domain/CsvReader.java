package dev.tidemill.ingest.domain;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Reads a table whose rows are records for a template: each row becomes a demonstration, by the
/// same reader as one in JSON, and has its own result.
public final class CsvReader {

  private final RecordReader records;

  public CsvReader(RecordReader records) {
    this.records = records;
  }

  /// Reads `text/csv`, whose first row names the columns.
  public Intake read(byte[] body, String task, String template, Arrival arrival) {
    if (!Utf8.sound(body, 0, body.length)) {
      return refused(Reason.MALFORMED_CSV, "the table is not UTF-8");
    }
    CsvRows csv = CsvRows.read(new String(body, StandardCharsets.UTF_8));
    @Nullable String fault = csv.fault();
    if (fault != null) {
      return refused(Reason.MALFORMED_CSV, "the table is not sound CSV: " + fault);
    }
    List<CsvRows.Row> rows = csv.rows();
    if (rows.size() < 2) {
      return refused(Reason.EMPTY, "the table holds no row under its header");
    }
    if (rows.size() - 1 > records.limits().maxRecords()) {
      return refused(
          Reason.TOO_MANY_RECORDS,
          "the table holds more rows than the limit of " + records.limits().maxRecords());
    }
    List<String> header = rows.getFirst().cells().stream().map(String::strip).toList();
    Set<String> names = new HashSet<>();
    for (String name : header) {
      if (name.isEmpty() || !names.add(name)) {
        return refused(
            Reason.MALFORMED_CSV,
            "the header names the column \""
                + Fields.shown(name)
                + "\" "
                + (name.isEmpty() ? "with nothing" : "twice"));
      }
    }
    List<Intake.Line> lines = new ArrayList<>();
    for (CsvRows.Row row : rows.subList(1, rows.size())) {
      lines.add(
          new Intake.Line(row.line(), reading(row, header, task, template, lines.size(), arrival)));
    }
    return new Intake.Lines(lines);
  }

  private Reading reading(
      CsvRows.Row row,
      List<String> header,
      String task,
      String template,
      int index,
      Arrival arrival) {
    if (row.cells().size() != header.size()) {
      return new Reading.Rejected(
          new Rejection(
              Reason.MALFORMED_CSV,
              null,
              "the row has " + row.cells().size() + " cells, its header " + header.size()));
    }
    ObjectNode demonstration = JsonNodeFactory.instance.objectNode();
    demonstration.put("task", task).put("template", template);
    ObjectNode record = demonstration.putObject("record");
    for (int i = 0; i < header.size(); i++) {
      record.put(header.get(i), row.cells().get(i));
    }
    return records.read(Kind.DEMONSTRATION, demonstration, index, "", arrival);
  }

  private static Intake refused(Reason reason, String detail) {
    return new Intake.Refused(new Rejection(reason, null, detail));
  }
}
