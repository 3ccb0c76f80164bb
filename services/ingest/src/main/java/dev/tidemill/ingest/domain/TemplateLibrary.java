package dev.tidemill.ingest.domain;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.tidemill.schemas.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The templates by name: those built in, and those of the configuration, which win.
public final class TemplateLibrary {

  /// What came of a template and a record.
  sealed interface Filled {
    /// An instruction with its answer.
    record Instruction(String prompt, String answer) implements Filled {}

    /// Nothing, for the reason that the sentence says.
    ///
    /// @param field `template`, or the path of the column within the demonstration
    record Fault(String field, String detail) implements Filled {}
  }

  private static final List<String> BUILT_IN =
      List.of(
          "question-answering",
          "grounded-question-answering",
          "classification",
          "summarisation",
          "extraction",
          "rewriting",
          "translation");

  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private final Map<String, Template> templates;

  private TemplateLibrary(Map<String, Template> templates) {
    this.templates = new TreeMap<>(templates);
  }

  /// The built-in templates, and `own` beside them or in their place.
  public static TemplateLibrary with(Map<String, Template> own) {
    Map<String, Template> all = new TreeMap<>();
    BUILT_IN.forEach(name -> all.put(name, read(name)));
    all.putAll(own);
    return new TemplateLibrary(all);
  }

  /// Puts a record into one of the phrasings of a template. Which one follows from the record, so
  /// the same record always makes the same example.
  Filled fill(String name, Map<String, String> record) {
    @Nullable Template template = templates.get(name);
    if (template == null) {
      return new Filled.Fault(
          "template",
          "there is no template \"%s\"; known are %s"
              .formatted(Fields.shown(name), String.join(", ", templates.keySet())));
    }
    for (String column : template.columns()) {
      @Nullable String value = record.get(column);
      if (value == null || value.isBlank()) {
        return new Filled.Fault(
            "record." + column,
            "template %s wants a column %s, which %s; the record has %s"
                .formatted(
                    name,
                    column,
                    value == null ? "is missing" : "is blank",
                    record.keySet().stream()
                        .map(Fields::shown)
                        .limit(20)
                        .collect(Collectors.joining(", "))));
      }
    }
    @Nullable Filled fault = broken(name, template, record);
    if (fault != null) {
      return fault;
    }
    List<Template.Phrasing> phrasings = template.phrasings();
    Template.Phrasing phrasing = phrasings.get(choose(name, record, phrasings.size()));
    return new Filled.Instruction(
        Template.fill(phrasing.prompt(), record), Template.fill(phrasing.answer(), record));
  }

  private static @Nullable Filled broken(
      String name, Template template, Map<String, String> record) {
    for (Map.Entry<String, String> choice : template.choices().entrySet()) {
      String value = record.getOrDefault(choice.getKey(), "").strip();
      String listed = record.getOrDefault(choice.getValue(), "");
      if (Arrays.stream(listed.split(",", -1)).noneMatch(one -> one.strip().equals(value))) {
        return new Filled.Fault(
            "record." + choice.getKey(),
            "%s \"%s\" is none of the %s \"%s\""
                .formatted(
                    choice.getKey(), Fields.shown(value), choice.getValue(), Fields.shown(listed)));
      }
    }
    for (String column : template.json()) {
      try {
        JsonNode tree = MAPPER.readTree(record.getOrDefault(column, ""));
        if (tree == null || tree.isMissingNode()) {
          return notJson(name, column);
        }
      } catch (JsonProcessingException e) {
        return notJson(name, column);
      }
    }
    return null;
  }

  private static Filled notJson(String name, String column) {
    return new Filled.Fault(
        "record." + column,
        "template " + name + " wants JSON in the column " + column + ", which holds none");
  }

  private static int choose(String name, Map<String, String> record, int count) {
    StringBuilder canonical = new StringBuilder(name);
    new TreeMap<>(record)
        .forEach(
            (column, value) -> canonical.append('\0').append(column).append('\0').append(value));
    String digest = Sha256.hex(canonical.toString().getBytes(StandardCharsets.UTF_8));
    return (int) (Long.parseLong(digest, 0, 8, 16) % count);
  }

  private static Template read(String name) {
    try (InputStream in =
        Objects.requireNonNull(
            TemplateLibrary.class.getResourceAsStream("templates/" + name + ".json"), name)) {
      return MAPPER.readValue(in, Template.class);
    } catch (IOException e) {
      throw new UncheckedIOException("the built-in template " + name + " cannot be read", e);
    }
  }
}
