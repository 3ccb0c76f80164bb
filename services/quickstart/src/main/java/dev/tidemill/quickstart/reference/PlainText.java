package dev.tidemill.quickstart.reference;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Kafka's documentation strings are HTML; a language model is better served by the words alone.
final class PlainText {
  private static final Pattern TAG = Pattern.compile("<[^>]*>");
  private static final Pattern ENTITY = Pattern.compile("&(#\\d+|\\w+);");
  private static final Pattern SPACE = Pattern.compile("\\s+");
  private static final Pattern BEFORE_MARK = Pattern.compile(" ([.,;:)])");
  private static final Map<String, String> ENTITIES =
      Map.of(
          "lt", "<", "gt", ">", "amp", "&", "quot", "\"", "apos", "'", "nbsp", " ", "mdash",
          "\u2014", "ndash", "\u2013");

  private PlainText() {}

  /// Without tags, with entities resolved, on one line.
  static String of(String html) {
    String words = TAG.matcher(html).replaceAll(" ");
    String resolved =
        ENTITY
            .matcher(words)
            .replaceAll(m -> Matcher.quoteReplacement(entity(m.group(), m.group(1))));
    String line = SPACE.matcher(resolved).replaceAll(" ").strip();
    return BEFORE_MARK.matcher(line).replaceAll("$1");
  }

  /// The character an entity stands for; an entity we do not know stays as it is written.
  private static String entity(String whole, String name) {
    if (name.startsWith("#")) {
      return Character.toString(Integer.parseInt(name.substring(1)));
    }
    return ENTITIES.getOrDefault(name, whole);
  }
}
