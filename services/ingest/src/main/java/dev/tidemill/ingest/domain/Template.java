package dev.tidemill.ingest.domain;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Turns a record of named columns into an instruction with its answer. `{{column}}` stands for the
/// column's value.
///
/// @param phrasings ways to put it; each record takes one of them, always the same
/// @param choices columns whose value must be one of those that another column lists, divided by
///   commas: a label and its label set; none unless told
/// @param json columns that must hold JSON; none unless told
public record Template(List<Phrasing> phrasings, Map<String, String> choices, List<String> json) {

  private static final Pattern PLACE = Pattern.compile("\\{\\{\\s*([^{}]*?)\\s*\\}\\}");
  private static final Pattern COLUMN = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_ .-]{0,63}");

  /// One way to put it.
  ///
  /// @param prompt the user's turn
  /// @param answer the wanted answer
  public record Phrasing(String prompt, String answer) {
    public Phrasing {
      Objects.requireNonNull(prompt, "prompt");
      Objects.requireNonNull(answer, "answer");
    }
  }

  public Template {
    phrasings = phrasings == null ? List.of() : List.copyOf(phrasings);
    choices = choices == null ? Map.of() : Map.copyOf(choices);
    json = json == null ? List.of() : List.copyOf(json);
    if (phrasings.isEmpty()) {
      throw new IllegalArgumentException("phrasings must hold at least one phrasing");
    }
    for (Phrasing phrasing : phrasings) {
      check("prompt", phrasing.prompt());
      check("answer", phrasing.answer());
    }
  }

  /// The columns that a record must have.
  Set<String> columns() {
    Set<String> columns = new LinkedHashSet<>();
    for (Phrasing phrasing : phrasings) {
      for (String text : List.of(phrasing.prompt(), phrasing.answer())) {
        PLACE.matcher(text).results().forEach(place -> columns.add(place.group(1)));
      }
    }
    columns.addAll(choices.values());
    return columns;
  }

  /// A text with the columns' values in it. Values are taken as they are: what looks like a place
  /// in them is none.
  static String fill(String text, Map<String, String> record) {
    return PLACE
        .matcher(text)
        .replaceAll(place -> Matcher.quoteReplacement(record.getOrDefault(place.group(1), "")));
  }

  private static void check(String what, String text) {
    Matcher place = PLACE.matcher(text);
    while (place.find()) {
      if (!COLUMN.matcher(place.group(1)).matches()) {
        throw new IllegalArgumentException(
            what + " holds {{" + place.group(1) + "}}, which is no name of a column");
      }
    }
    String rest = PLACE.matcher(text).replaceAll("");
    if (rest.contains("{{") || rest.contains("}}")) {
      throw new IllegalArgumentException(
          what + " holds braces that enclose no column: \"" + Fields.shown(rest) + "\"");
    }
    if (text.isBlank()) {
      throw new IllegalArgumentException(what + " must not be blank");
    }
  }
}
