package dev.tidemill.ingest.domain;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.platform.http.Json;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/// Reads JSON as a gateway with a clock that stands still would.
final class Readings {

  static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");
  static final Limits LIMITS = new Limits(100, 2_000, Duration.ofMinutes(5));
  static final Arrival ARRIVAL = new Arrival("crm", NOW, index -> "id-" + index);
  static final BodyReader READER = new BodyReader(Json.mapper(), new RecordReader(LIMITS));

  private Readings() {}

  static Intake json(Kind kind, String body) {
    return READER.json(kind, body.getBytes(StandardCharsets.UTF_8), ARRIVAL);
  }

  static Intake ndjson(Kind kind, String body) {
    return READER.ndjson(kind, body.getBytes(StandardCharsets.UTF_8), ARRIVAL);
  }

  static RawRecord accepted(Kind kind, String body) {
    List<RawRecord> records = whole(json(kind, body));
    assertThat(records).hasSize(1);
    return records.getFirst();
  }

  static List<RawRecord> whole(Intake intake) {
    assertThat(intake).isInstanceOf(Intake.Whole.class);
    return ((Intake.Whole) intake).records();
  }

  static Rejection rejected(Intake intake) {
    assertThat(intake).isInstanceOf(Intake.Refused.class);
    return ((Intake.Refused) intake).rejection();
  }
}
