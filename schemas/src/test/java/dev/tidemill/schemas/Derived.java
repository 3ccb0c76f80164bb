package dev.tidemill.schemas;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import org.apache.avro.Schema;

/// Another version of a schema: a copy with changes.
final class Derived {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final ObjectNode schema;

  private Derived(ObjectNode schema) {
    this.schema = schema;
  }

  static Derived from(Schema schema) {
    return new Derived((ObjectNode) read(schema.toString()));
  }

  /// With a further field, given as JSON in single quotes.
  Derived with(String field) {
    fields().add(read(field.replace('\'', '"')));
    return this;
  }

  Derived without(String field) {
    for (Iterator<JsonNode> all = fields().iterator(); all.hasNext(); ) {
      if (all.next().get("name").asText().equals(field)) {
        all.remove();
      }
    }
    return this;
  }

  Derived renamed(String field, String name) {
    field(field).put("name", name);
    return this;
  }

  Derived aliased(String field, String alias) {
    field(field).putArray("aliases").add(alias);
    return this;
  }

  /// With another type of a field, given as JSON in single quotes, and no default.
  Derived retyped(String field, String type) {
    field(field).set("type", read(type.replace('\'', '"')));
    field(field).remove("default");
    return this;
  }

  Derived withSymbol(String enumField, String symbol) {
    symbols(enumField).add(symbol);
    return this;
  }

  Derived withoutSymbol(String enumField, String symbol) {
    for (Iterator<JsonNode> all = symbols(enumField).iterator(); all.hasNext(); ) {
      if (all.next().asText().equals(symbol)) {
        all.remove();
      }
    }
    return this;
  }

  Derived withoutEnumDefault(String enumField) {
    ((ObjectNode) field(enumField).get("type")).remove("default");
    return this;
  }

  Schema schema() {
    return new Schema.Parser().parse(schema.toString());
  }

  private ArrayNode symbols(String enumField) {
    return (ArrayNode) field(enumField).get("type").get("symbols");
  }

  private ObjectNode field(String name) {
    for (JsonNode field : fields()) {
      if (field.get("name").asText().equals(name)) {
        return (ObjectNode) field;
      }
    }
    throw new IllegalArgumentException("no field " + name);
  }

  private ArrayNode fields() {
    return (ArrayNode) schema.get("fields");
  }

  private static JsonNode read(String json) {
    try {
      return JSON.readTree(json);
    } catch (IOException e) {
      throw new UncheckedIOException(json, e);
    }
  }
}
