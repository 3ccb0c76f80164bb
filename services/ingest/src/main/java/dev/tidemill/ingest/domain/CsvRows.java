package dev.tidemill.ingest.domain;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads CSV (RFC 4180): cells divided by commas, quoted where they hold commas, quotes (doubled)
/// or line ends.
final class CsvRows {

  /// A row.
  ///
  /// @param line the line it begins in, from 1
  record Row(int line, List<String> cells) {
    boolean blank() {
      return cells.size() == 1 && cells.getFirst().isBlank();
    }
  }

  private final String text;
  private final List<Row> rows = new ArrayList<>();
  private int at;
  private int line = 1;
  private @Nullable String fault;

  private CsvRows(String text) {
    this.text = text;
  }

  /// Reads a text; [#fault()] says whether it could be.
  static CsvRows read(String text) {
    CsvRows csv = new CsvRows(text.startsWith("\uFEFF") ? text.substring(1) : text);
    while (csv.fault == null && csv.at < csv.text.length()) {
      Row row = csv.row();
      if (!row.blank()) {
        csv.rows.add(row);
      }
    }
    return csv;
  }

  /// The rows that are not blank, the header among them.
  List<Row> rows() {
    return rows;
  }

  /// Why the text is no CSV; null when it is.
  @Nullable String fault() {
    return fault;
  }

  private Row row() {
    int first = line;
    List<String> cells = new ArrayList<>();
    while (true) {
      cells.add(at < text.length() && text.charAt(at) == '"' ? quoted() : plain());
      if (fault != null || at >= text.length()) {
        return new Row(first, cells);
      }
      char end = text.charAt(at++);
      if (end == '\n') {
        line++;
        return new Row(first, cells);
      }
      if (end != ',') {
        fault =
            "line "
                + line
                + " has \""
                + Fields.shown(String.valueOf(end))
                + "\" after a quoted cell";
      }
    }
  }

  private String plain() {
    int from = at;
    while (at < text.length() && text.charAt(at) != ',' && text.charAt(at) != '\n') {
      at++;
    }
    String cell = text.substring(from, at);
    return cell.endsWith("\r") ? cell.substring(0, cell.length() - 1) : cell;
  }

  private String quoted() {
    int opened = line;
    StringBuilder cell = new StringBuilder();
    at++;
    while (at < text.length()) {
      char c = text.charAt(at++);
      if (c == '\n') {
        line++;
      }
      if (c != '"') {
        cell.append(c);
      } else if (at < text.length() && text.charAt(at) == '"') {
        cell.append('"');
        at++;
      } else {
        if (text.startsWith("\r\n", at) || (at == text.length() - 1 && text.charAt(at) == '\r')) {
          at++;
        }
        return cell.toString();
      }
    }
    fault = "the quote that is opened in line " + opened + " is not closed";
    return cell.toString();
  }
}
