package dev.tidemill.schemas;

import java.io.IOException;
import org.apache.avro.Schema;

/// A schema registry as the codec needs it.
public interface SchemaRegistry {
  /// The id under which the schema is registered for the subject, registering it when it is new.
  int idOf(String subject, Schema schema) throws IOException;

  /// The schema registered under the id.
  Schema schemaOf(int id) throws IOException;
}
