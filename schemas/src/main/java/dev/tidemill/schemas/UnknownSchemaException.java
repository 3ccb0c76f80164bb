package dev.tidemill.schemas;

/// Bytes in a known framing whose schema this reader does not know: most often those of a producer
/// that was updated before its consumers. The message says what to do.
public final class UnknownSchemaException extends MalformedRecordException {
  private static final long serialVersionUID = 1;

  public UnknownSchemaException(String message) {
    super(message, null);
  }
}
