package dev.tidemill.platform.http;

import com.fasterxml.jackson.databind.BeanDescription;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.introspect.BeanPropertyDefinition;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Finds a field that a type does not know. Jackson makes a record before it looks at the fields
/// left over, so a misspelt field shows up as the refusal of a missing one; this finds the misspelt
/// one instead.
final class UnknownFields {

  private final JsonMapper mapper;

  UnknownFields(JsonMapper mapper) {
    this.mapper = mapper;
  }

  /// The first unknown field as a problem, in the order of the body.
  Optional<Problem> first(JsonNode node, JavaType type, String path) {
    if (type.isCollectionLikeType() || type.isArrayType()) {
      return inList(node, type.getContentType(), path);
    }
    if (!node.isObject() || !type.isRecordType()) {
      return Optional.empty();
    }
    Map<String, JavaType> known = fields(type);
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      String at = path.isEmpty() ? field.getKey() : path + "." + field.getKey();
      JavaType fieldType = known.get(field.getKey());
      if (fieldType == null) {
        return Optional.of(JsonBody.unknownField(at, known.keySet()));
      }
      Optional<Problem> inside = first(field.getValue(), fieldType, at);
      if (inside.isPresent()) {
        return inside;
      }
    }
    return Optional.empty();
  }

  private Optional<Problem> inList(JsonNode list, JavaType type, String path) {
    for (int i = 0; i < list.size(); i++) {
      Optional<Problem> inside = first(list.path(i), type, path + "[" + i + "]");
      if (inside.isPresent()) {
        return inside;
      }
    }
    return Optional.empty();
  }

  private Map<String, JavaType> fields(JavaType type) {
    BeanDescription description = mapper.getDeserializationConfig().introspect(type);
    Map<String, JavaType> fields = new TreeMap<>();
    for (BeanPropertyDefinition property : description.findProperties()) {
      fields.put(property.getName(), property.getPrimaryType());
    }
    return fields;
  }
}
