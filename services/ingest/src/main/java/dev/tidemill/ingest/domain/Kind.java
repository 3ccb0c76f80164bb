package dev.tidemill.ingest.domain;

/// What can be pushed. Each kind has its own path and its own raw topic.
public enum Kind {
  DOCUMENT("document", "/v1/documents"),
  DEMONSTRATION("demonstration", "/v1/demonstrations"),
  FEEDBACK("feedback", "/v1/feedback"),
  ERASURE("erasure", "/v1/erasures");

  private final String label;
  private final String path;

  Kind(String label, String path) {
    this.label = label;
    this.path = path;
  }

  /// The word for it in metrics and messages.
  public String label() {
    return label;
  }

  /// Where it is posted.
  public String path() {
    return path;
  }
}
