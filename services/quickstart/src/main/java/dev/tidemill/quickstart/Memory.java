package dev.tidemill.quickstart;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;

/// What the story has measured and done so far, kept in the data directory so that a later run
/// continues where this one stopped.
final class Memory {
  private final Path file;
  private final ObjectMapper json = new ObjectMapper();
  private final Map<String, Double> values = new TreeMap<>();

  Memory(Path file) throws IOException {
    this.file = file;
    if (Files.exists(file)) {
      values.putAll(json.readValue(file.toFile(), new TypeReference<Map<String, Double>>() {}));
    }
  }

  OptionalDouble get(String name) {
    Double value = values.get(name);
    return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
  }

  boolean has(String name) {
    return values.containsKey(name);
  }

  void put(String name, double value) throws IOException {
    values.put(name, value);
    Path temp = file.resolveSibling(file.getFileName() + ".tmp");
    json.writerWithDefaultPrettyPrinter().writeValue(temp.toFile(), values);
    Files.move(temp, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
