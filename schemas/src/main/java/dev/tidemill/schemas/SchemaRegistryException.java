package dev.tidemill.schemas;

import java.io.IOException;
import java.io.UncheckedIOException;

/// The schema registry could not be asked, so that nobody knows yet whether the bytes hold a record
/// or how a record is to be written. It says nothing about the record: try again later.
public final class SchemaRegistryException extends UncheckedIOException {
  private static final long serialVersionUID = 1;

  public SchemaRegistryException(String message, IOException cause) {
    super(message, cause);
  }
}
