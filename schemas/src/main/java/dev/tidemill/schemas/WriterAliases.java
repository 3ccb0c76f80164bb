package dev.tidemill.schemas;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;

/// Lets an old reader understand a new writer that renamed a field. Avro itself looks at the
/// reader's aliases only, which a reader older than the renaming does not have.
final class WriterAliases {
  private static final ObjectMapper JSON = new ObjectMapper();

  private WriterAliases() {}

  /// The writer's schema, in which each field that the reader does not know bears the name that the
  /// reader has for it, when an alias says so. The binary form knows no names, so the bytes stay
  /// readable.
  static Schema apply(Schema writer, Schema reader) {
    Map<String, Schema> readers = new HashMap<>();
    collect(reader, readers);
    try {
      JsonNode json = JSON.readTree(writer.toString());
      return rename(json, null, readers) ? new Schema.Parser().parse(json.toString()) : writer;
    } catch (IOException e) {
      throw new UncheckedIOException("the schema of " + writer.getName() + " cannot be read", e);
    }
  }

  private static boolean rename(
      JsonNode node, @Nullable String outer, Map<String, Schema> readers) {
    @Nullable String namespace = outer;
    boolean renamed = false;
    if (node instanceof ObjectNode type && "record".equals(type.path("type").asText())) {
      String name = type.path("name").asText();
      namespace = type.path("namespace").asText(outer);
      @Nullable Schema reader = readers.get(namespace == null ? name : namespace + "." + name);
      if (reader != null) {
        renamed = renameFields(type.path("fields"), reader);
      }
    }
    for (JsonNode part : node) {
      renamed |= rename(part, namespace, readers);
    }
    return renamed;
  }

  private static boolean renameFields(JsonNode fields, Schema reader) {
    Set<String> taken = new HashSet<>();
    fields.forEach(field -> taken.add(field.path("name").asText()));
    boolean renamed = false;
    for (JsonNode field : fields) {
      if (!known(reader, field.path("name").asText())) {
        for (JsonNode alias : field.path("aliases")) {
          if (reader.getField(alias.asText()) != null && taken.add(alias.asText())) {
            ((ObjectNode) field).put("name", alias.asText()).remove("aliases");
            renamed = true;
            break;
          }
        }
      }
    }
    return renamed;
  }

  private static boolean known(Schema reader, String field) {
    return reader.getFields().stream()
        .anyMatch(mine -> mine.name().equals(field) || mine.aliases().contains(field));
  }

  private static void collect(Schema schema, Map<String, Schema> records) {
    switch (schema.getType()) {
      case RECORD -> {
        if (records.put(schema.getFullName(), schema) == null) {
          schema.getFields().forEach(field -> collect(field.schema(), records));
        }
      }
      case ARRAY -> collect(schema.getElementType(), records);
      case MAP -> collect(schema.getValueType(), records);
      case UNION -> schema.getTypes().forEach(branch -> collect(branch, records));
      case ENUM, FIXED, STRING, BYTES, INT, LONG, FLOAT, DOUBLE, BOOLEAN, NULL -> {
        // Holds no records.
      }
    }
  }
}
