package dev.tidemill.schemas;

import org.jspecify.annotations.Nullable;

/// Bytes that do not hold the record expected. The message is one sentence for a dead letter.
public sealed class MalformedRecordException extends Exception permits UnknownSchemaException {
  private static final long serialVersionUID = 1;

  public MalformedRecordException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
