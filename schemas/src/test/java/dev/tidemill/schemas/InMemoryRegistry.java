package dev.tidemill.schemas;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.Schema;

/// A registry that numbers schemas from 1 and may be away.
final class InMemoryRegistry implements SchemaRegistry {
  private final Map<String, List<Schema>> subjects = new HashMap<>();
  private final List<Schema> schemas = new ArrayList<>();
  private boolean away;

  void away(boolean nowAway) {
    this.away = nowAway;
  }

  @Override
  public int idOf(String subject, Schema schema) throws IOException {
    beThere();
    if (!schemas.contains(schema)) {
      schemas.add(schema);
    }
    List<Schema> versions = subjects.computeIfAbsent(subject, s -> new ArrayList<>());
    if (!versions.contains(schema)) {
      versions.add(schema);
    }
    return schemas.indexOf(schema) + 1;
  }

  @Override
  public Optional<Schema> schemaOf(int id) throws IOException {
    beThere();
    return id > 0 && id <= schemas.size() ? Optional.of(schemas.get(id - 1)) : Optional.empty();
  }

  @Override
  public List<Schema> versionsOf(String subject) throws IOException {
    beThere();
    return List.copyOf(subjects.getOrDefault(subject, List.of()));
  }

  private void beThere() throws IOException {
    if (away) {
      throw new IOException("connection refused");
    }
  }
}
