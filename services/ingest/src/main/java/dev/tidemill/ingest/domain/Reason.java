package dev.tidemill.ingest.domain;

/// Why input is rejected. The slug is the problem's type and the label of the rejections' meter.
public enum Reason {
  MALFORMED_JSON("malformed-json", "Malformed JSON", 400),
  MALFORMED_CSV("malformed-csv", "Malformed CSV", 400),
  EMPTY("empty", "Nothing to take in", 400),
  WRONG_TYPE("wrong-type", "Wrong type", 400),
  UNKNOWN_FIELD("unknown-field", "Unknown field", 400),
  MISSING_FIELD("missing-field", "Missing field", 400),
  INVALID_FIELD("invalid-field", "Invalid field", 400),
  FUTURE_EVENT_TIME("future-event-time", "Event time in the future", 400),
  REPEATED_ID("repeated-id", "Repeated id", 400),
  RECORD_TOO_LARGE("record-too-large", "Record too large", 413),
  TOO_MANY_RECORDS("too-many-records", "Too many records", 413);

  private final String slug;
  private final String title;
  private final int status;

  Reason(String slug, String title, int status) {
    this.slug = slug;
    this.title = title;
    this.status = status;
  }

  public String slug() {
    return slug;
  }

  public String title() {
    return title;
  }

  /// The HTTP status when a whole request is rejected for it.
  public int status() {
    return status;
  }
}
