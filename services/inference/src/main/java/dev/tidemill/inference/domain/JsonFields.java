package dev.tidemill.inference.domain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The fields of a JSON object, taken one by one by name and type; what was not taken at the end
/// is refused. A null counts as left out, as in OpenAI's API.
final class JsonFields {
  private final ObjectNode node;
  private final String path;
  private final Set<String> taken = new HashSet<>();

  /// @param path where the object stands, empty for the body
  JsonFields(ObjectNode node, String path) {
    this.node = node;
    this.path = path;
  }

  /// The field as it is; null when it is left out.
  @Nullable JsonNode take(String name) {
    taken.add(name);
    @Nullable JsonNode value = node.get(name);
    return value == null || value.isNull() ? null : value;
  }

  JsonNode require(String name) {
    @Nullable JsonNode value = take(name);
    if (value == null) {
      throw ApiProblems.missing(at(name));
    }
    return value;
  }

  @Nullable String text(String name) {
    @Nullable JsonNode value = take(name);
    return value == null ? null : text(value, at(name));
  }

  boolean flag(String name, boolean otherwise) {
    @Nullable JsonNode value = take(name);
    if (value == null) {
      return otherwise;
    }
    if (!value.isBoolean()) {
      throw ApiProblems.invalid(at(name), at(name) + " must be true or false" + not(value));
    }
    return value.booleanValue();
  }

  /// Whether a field is given, and not null.
  boolean has(String name) {
    return take(name) != null;
  }

  double number(String name, double otherwise) {
    @Nullable JsonNode value = take(name);
    if (value == null) {
      return otherwise;
    }
    if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
      throw ApiProblems.invalid(at(name), at(name) + " must be a number" + not(value));
    }
    return value.doubleValue();
  }

  @Nullable Long integer(String name) {
    @Nullable JsonNode value = take(name);
    if (value == null) {
      return null;
    }
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw ApiProblems.invalid(at(name), at(name) + " must be a whole number" + not(value));
    }
    return value.longValue();
  }

  @Nullable JsonFields object(String name) {
    @Nullable JsonNode value = take(name);
    return switch (value) {
      case null -> null;
      case ObjectNode fields -> new JsonFields(fields, at(name));
      case JsonNode other ->
          throw ApiProblems.invalid(at(name), at(name) + " must be an object" + not(other));
    };
  }

  /// Takes a field that has no effect on the answer, whatever it holds.
  void ignore(String name) {
    taken.add(name);
  }

  /// Refuses what nobody took.
  void end() {
    for (String name : (Iterable<String>) node::fieldNames) {
      if (!taken.contains(name)) {
        throw ApiProblems.unknown(at(name));
      }
    }
  }

  /// The full name of a field, as errors name it.
  String at(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  /// A string without half characters: native code cannot read those.
  static String text(JsonNode value, String at) {
    if (!value.isTextual()) {
      throw ApiProblems.invalid(at, at + " must be a string" + not(value));
    }
    String text = value.textValue();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        throw ApiProblems.invalid(at, at + " holds half a character (an unpaired surrogate)");
      }
    }
    return text;
  }

  static String not(JsonNode value) {
    return switch (value.getNodeType()) {
      case ARRAY -> ", not a list";
      case OBJECT -> ", not an object";
      case STRING -> ", not a string";
      case BOOLEAN -> ", not " + value.booleanValue();
      case NUMBER -> ", not " + value.asText();
      case NULL, MISSING -> ", not null";
      case BINARY, POJO -> "";
    };
  }
}
