package dev.tidemill.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A JSON object on disk whose every complaint names the file and the key.
public final class JsonFile {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final Path path;
  private final JsonNode root;

  private JsonFile(Path path, JsonNode root) {
    this.path = path;
    this.root = root;
  }

  /// Reads the object.
  ///
  /// @throws ModelFormatException when the file is missing, damaged or holds something else
  public static JsonFile read(Path path) {
    try {
      JsonNode root = MAPPER.readTree(Files.readAllBytes(path));
      if (root == null || !root.isObject()) {
        throw new ModelFormatException(path + " does not hold a JSON object.");
      }
      return new JsonFile(path, root);
    } catch (NoSuchFileException missing) {
      throw new ModelFormatException(path + " does not exist.", missing);
    } catch (JsonProcessingException damaged) {
      throw new ModelFormatException(
          path + " is not JSON: " + damaged.getOriginalMessage() + ".", damaged);
    } catch (IOException unreadable) {
      throw new UncheckedIOException("Reading " + path + " failed.", unreadable);
    }
  }

  public static ObjectNode newObject() {
    return MAPPER.createObjectNode();
  }

  /// Writes an object, indented, with a line end, the same bytes for the same object.
  public static void write(Path path, JsonNode json) {
    try {
      Files.writeString(path, MAPPER.writeValueAsString(json).replace("\r\n", "\n") + "\n");
    } catch (IOException unwritable) {
      throw new UncheckedIOException("Writing " + path + " failed.", unwritable);
    }
  }

  public JsonNode root() {
    return root;
  }

  /// The value of a key, or null when it is absent or null.
  public @Nullable JsonNode optional(String key) {
    JsonNode value = root.get(key);
    return value == null || value.isNull() ? null : value;
  }

  /// Whether a key is there, if only with null.
  public boolean has(String key) {
    return root.has(key);
  }

  public String text(String key) {
    JsonNode value = require(key);
    if (!value.isTextual()) {
      throw fault(key, "is not a text");
    }
    return value.textValue();
  }

  public String text(String key, String fallback) {
    return optional(key) == null ? fallback : text(key);
  }

  public int integer(String key) {
    JsonNode value = require(key);
    if (!value.isIntegralNumber() || !value.canConvertToInt()) {
      throw fault(key, "is not a whole number");
    }
    return value.intValue();
  }

  public int integer(String key, int fallback) {
    return optional(key) == null ? fallback : integer(key);
  }

  /// A whole number, or the first of a list of them.
  public int firstInteger(String key, int fallback) {
    JsonNode value = optional(key);
    if (value != null && value.isArray() && !value.isEmpty() && value.get(0).canConvertToInt()) {
      return value.get(0).intValue();
    }
    return integer(key, fallback);
  }

  /// A whole number or a list of them; none when the key is absent.
  public List<Integer> integers(String key) {
    JsonNode value = optional(key);
    if (value == null) {
      return List.of();
    }
    if (!value.isArray()) {
      return List.of(integer(key));
    }
    List<Integer> all = new ArrayList<>();
    for (JsonNode each : value) {
      if (!each.isIntegralNumber() || !each.canConvertToInt()) {
        throw fault(key, "is neither a whole number nor a list of them");
      }
      all.add(each.intValue());
    }
    return all;
  }

  public double number(String key, double fallback) {
    JsonNode value = optional(key);
    if (value == null) {
      return fallback;
    }
    if (!value.isNumber()) {
      throw fault(key, "is not a number");
    }
    return value.doubleValue();
  }

  public boolean flag(String key, boolean fallback) {
    JsonNode value = optional(key);
    if (value == null) {
      return fallback;
    }
    if (!value.isBoolean()) {
      throw fault(key, "is neither true nor false");
    }
    return value.booleanValue();
  }

  /// The exception for a key that cannot be used: "`key` in `file` `what`."
  public ModelFormatException fault(String key, String what) {
    return new ModelFormatException("The key " + key + " in " + path + " " + what + ".");
  }

  private JsonNode require(String key) {
    JsonNode value = optional(key);
    if (value == null) {
      throw fault(key, "is missing");
    }
    return value;
  }
}
