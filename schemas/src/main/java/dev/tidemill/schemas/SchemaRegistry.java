package dev.tidemill.schemas;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.avro.Schema;

/// A schema registry as the codec needs it. An `IOException` says that the registry could not be
/// asked; what it does not know is an empty answer.
public interface SchemaRegistry {
  /// The id under which the schema is registered for the subject, registering it when it is new.
  int idOf(String subject, Schema schema) throws IOException;

  /// The schema registered under the id; empty when there is none.
  Optional<Schema> schemaOf(int id) throws IOException;

  /// Every version registered for the subject, oldest first; empty for an unknown subject.
  List<Schema> versionsOf(String subject) throws IOException;
}
