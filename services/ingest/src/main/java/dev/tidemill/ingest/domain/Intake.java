package dev.tidemill.ingest.domain;

import java.util.List;

/// What became of a whole body.
public sealed interface Intake {

  /// A JSON body, all of whose records are sound.
  record Whole(List<RawRecord> records) implements Intake {
    public Whole {
      records = List.copyOf(records);
    }
  }

  /// A body of which nothing is taken in.
  record Refused(Rejection rejection) implements Intake {}

  /// An NDJSON body: each line stands for itself.
  record Lines(List<Line> lines) implements Intake {
    public Lines {
      lines = List.copyOf(lines);
    }

    /// The sound records, in order.
    public List<RawRecord> accepted() {
      return lines.stream()
          .map(Line::reading)
          .filter(Reading.Accepted.class::isInstance)
          .map(reading -> ((Reading.Accepted) reading).record())
          .toList();
    }
  }

  /// One line of NDJSON.
  ///
  /// @param number counted from 1, blank lines included
  record Line(int number, Reading reading) {}
}
