package dev.tidemill.schemas;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;

/// Every version of a record's schema that was ever committed, oldest first, from
/// `history/<Record>/<version>.avsc`. Readers need them to decode what older writers left in the
/// topics; the build checks that the newest can read them all.
public final class SchemaHistory {
  private SchemaHistory() {}

  /// The committed versions of the record named, oldest first.
  public static List<Schema> of(String recordName) {
    List<Schema> versions = new ArrayList<>();
    for (int version = 1; ; version++) {
      String resource = "history/" + recordName + "/" + version + ".avsc";
      try (InputStream in = SchemaHistory.class.getResourceAsStream(resource)) {
        if (in == null) {
          return List.copyOf(versions);
        }
        versions.add(new Schema.Parser().parse(in));
      } catch (IOException e) {
        throw new UncheckedIOException(resource + " cannot be read", e);
      }
    }
  }
}
