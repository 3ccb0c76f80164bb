package dev.tidemill.schemas;

import org.jspecify.annotations.Nullable;

/// Bytes that do not hold the record expected. The message is one sentence for a dead letter.
public final class MalformedRecordException extends Exception {
  public MalformedRecordException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
