package dev.tidemill.schemas;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/// Reads the one file that says which topics exist. Topic creation and the typed constants of
/// {@link Topics} both come from here.
public final class TopicCatalogue {
  private static final String EVENTS = "dev.tidemill.events.";
  private static final Map<String, JsonNode> ENTRIES = read();

  private TopicCatalogue() {}

  /// Every topic, in the order of the file.
  public static List<Topic<?>> all() {
    List<Topic<?>> topics = new ArrayList<>();
    for (JsonNode entry : ENTRIES.values()) {
      topics.add(typed(entry, recordClass(entry)));
    }
    return List.copyOf(topics);
  }

  static <T extends SpecificRecord> Topic<T> entry(String name, Class<T> type) {
    JsonNode entry = ENTRIES.get(name);
    if (entry == null) {
      throw new IllegalStateException("topics.json has no topic " + name);
    }
    if (recordClass(entry) != type) {
      throw new IllegalStateException(
          "topics.json says "
              + entry.get("record").asText()
              + " for topic "
              + name
              + ", the code says "
              + type.getSimpleName());
    }
    return typed(entry, type);
  }

  private static <T extends SpecificRecord> Topic<T> typed(JsonNode entry, Class<T> type) {
    @Nullable JsonNode retention = entry.get("retention");
    @Nullable JsonNode lag = entry.get("compaction_lag");
    List<String> writers = new ArrayList<>();
    entry.get("writers").forEach(writer -> writers.add(writer.asText()));
    return new Topic<>(
        entry.get("name").asText(),
        type,
        entry.get("key").asText(),
        entry.get("partitions").asInt(),
        Topic.Cleanup.valueOf(
            entry.get("cleanup").asText().replace(',', '_').toUpperCase(Locale.ROOT)),
        retention == null ? null : Duration.parse(retention.asText()),
        lag == null ? Duration.ZERO : Duration.parse(lag.asText()),
        writers);
  }

  private static Class<? extends SpecificRecord> recordClass(JsonNode entry) {
    String name = EVENTS + entry.get("record").asText();
    try {
      return Class.forName(name).asSubclass(SpecificRecord.class);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException("topics.json names an unknown record " + name, e);
    }
  }

  private static Map<String, JsonNode> read() {
    try (InputStream in =
        Objects.requireNonNull(
            TopicCatalogue.class.getResourceAsStream("topics.json"), "topics.json is missing")) {
      Map<String, JsonNode> entries = new LinkedHashMap<>();
      for (JsonNode entry : new ObjectMapper().readTree(in)) {
        if (entries.put(entry.get("name").asText(), entry) != null) {
          throw new IllegalStateException("topics.json names a topic twice: " + entry.get("name"));
        }
      }
      return entries;
    } catch (IOException e) {
      throw new UncheckedIOException("topics.json cannot be read", e);
    }
  }
}
