package dev.tidemill.curator.explain;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.tidemill.platform.http.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Consumer;

/// A file of records: `.ndjson` and `.jsonl` have one JSON object a line, `.json` one object or a
/// list of them, and any other file is the text of one document.
final class RecordFile {
  private RecordFile() {}

  /// What stands at a place of a file.
  sealed interface Entry {
    /// Where it stands, as `file:line`.
    String place();

    /// A record.
    record Found(String place, JsonNode json) implements Entry {}

    /// Something that is no record, and why.
    record Unreadable(String place, String why) implements Entry {}
  }

  /// Hands over the entries, one after the other.
  static void read(Path file, Consumer<Entry> to) throws IOException {
    String name = String.valueOf(file.getFileName());
    String ending = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    switch (ending) {
      case "ndjson", "jsonl" -> lines(file, name, to);
      case "json" -> whole(file, name, to);
      default -> {
        String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        JsonNode json =
            JsonNodeFactory.instance
                .objectNode()
                .put("id", name)
                .put("key", name)
                .put("source", file.toString())
                .put("text", text);
        to.accept(new Entry.Found(name + ":1", json));
      }
    }
  }

  private static void lines(Path file, String name, Consumer<Entry> to) throws IOException {
    // Bytes that are no UTF-8 become replacement characters; the line is still looked at.
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(Files.newInputStream(file), StandardCharsets.UTF_8))) {
      int number = 0;
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        number++;
        if (!line.isBlank()) {
          to.accept(entry(name + ":" + number, line));
        }
      }
    }
  }

  private static void whole(Path file, String name, Consumer<Entry> to) throws IOException {
    JsonNode json;
    try {
      json = Json.mapper().readTree(Files.readAllBytes(file));
    } catch (JsonProcessingException e) {
      to.accept(new Entry.Unreadable(name + ":" + line(e), "no JSON: " + e.getOriginalMessage()));
      return;
    }
    if (!json.isArray()) {
      to.accept(record(name + ":1", json));
      return;
    }
    for (int i = 0; i < json.size(); i++) {
      to.accept(record(name + "[" + i + "]", json.get(i)));
    }
  }

  private static Entry entry(String place, String line) {
    try {
      return record(place, Json.mapper().readTree(line));
    } catch (JsonProcessingException e) {
      return new Entry.Unreadable(place, "no JSON: " + e.getOriginalMessage());
    }
  }

  private static Entry record(String place, JsonNode json) {
    return json.isObject()
        ? new Entry.Found(place, json)
        : new Entry.Unreadable(
            place, "no JSON object but " + json.getNodeType().name().toLowerCase(Locale.ROOT));
  }

  private static int line(JsonProcessingException e) {
    return e.getLocation() == null ? 1 : e.getLocation().getLineNr();
  }
}
