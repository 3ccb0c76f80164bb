package dev.tidemill.model.tokenizer.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The methods, filters and tests that templates may use.
final class Builtins {
  private Builtins() {}

  static Object method(@Nullable Object of, String name, List<@Nullable Object> arguments) {
    if (of instanceof Map<?, ?> map) {
      return switch (name) {
        case "items" -> filter("items", map, arguments, null);
        case "keys" -> new ArrayList<>(map.keySet());
        case "values" -> new ArrayList<>(map.values());
        case "get" -> {
          @Nullable Object value = map.get(arguments.getFirst());
          yield value != null ? value : arguments.size() > 1 ? some(arguments.get(1)) : "";
        }
        default -> throw unknownMethod(name);
      };
    }
    String text = Values.text(of);
    return switch (name) {
      case "strip" ->
          arguments.isEmpty() ? text.strip() : strip(text, text(arguments, 0), true, true);
      case "lstrip" ->
          arguments.isEmpty() ? text.stripLeading() : strip(text, text(arguments, 0), true, false);
      case "rstrip" ->
          arguments.isEmpty() ? text.stripTrailing() : strip(text, text(arguments, 0), false, true);
      case "startswith" -> text.startsWith(text(arguments, 0));
      case "endswith" -> text.endsWith(text(arguments, 0));
      case "upper" -> text.toUpperCase(Locale.ROOT);
      case "lower" -> text.toLowerCase(Locale.ROOT);
      case "replace" -> text.replace(text(arguments, 0), text(arguments, 1));
      case "split" -> split(text, arguments);
      default -> throw unknownMethod(name);
    };
  }

  private static Object some(@Nullable Object value) {
    return value == null ? Values.UNDEFINED : value;
  }

  private static List<@Nullable Object> split(String text, List<@Nullable Object> arguments) {
    if (arguments.isEmpty()) {
      String stripped = text.strip();
      return stripped.isEmpty()
          ? new ArrayList<>()
          : new ArrayList<>(List.of(stripped.split("\\s+")));
    }
    String separator = text(arguments, 0);
    List<@Nullable Object> parts = new ArrayList<>();
    int from = 0;
    for (int at = text.indexOf(separator); at >= 0; at = text.indexOf(separator, from)) {
      parts.add(text.substring(from, at));
      from = at + separator.length();
    }
    parts.add(text.substring(from));
    return parts;
  }

  private static String strip(String text, String characters, boolean left, boolean right) {
    int from = 0;
    int to = text.length();
    while (left && from < to && characters.indexOf(text.charAt(from)) >= 0) {
      from++;
    }
    while (right && to > from && characters.indexOf(text.charAt(to - 1)) >= 0) {
      to--;
    }
    return text.substring(from, to);
  }

  static Object filter(
      String name,
      @Nullable Object of,
      List<@Nullable Object> arguments,
      Expression.@Nullable Filter filter) {
    return switch (name) {
      case "trim" -> Values.text(of).strip();
      case "upper" -> Values.text(of).toUpperCase(Locale.ROOT);
      case "lower" -> Values.text(of).toLowerCase(Locale.ROOT);
      case "capitalize" -> capitalize(Values.text(of));
      case "string" -> Values.text(of);
      case "length", "count" ->
          of instanceof Map<?, ?> map ? (long) map.size() : (long) Values.items(of).size();
      case "list" -> Values.items(of);
      case "first" -> some(Values.items(of).getFirst());
      case "last" -> some(Values.items(of).getLast());
      case "int" ->
          of instanceof String text ? Long.parseLong(text.strip()) : (long) Values.number(of);
      case "default" -> of == null || Values.isUndefined(of) ? some(arguments.getFirst()) : of;
      case "replace" -> Values.text(of).replace(text(arguments, 0), text(arguments, 1));
      case "join" ->
          String.join(
              arguments.isEmpty() ? "" : text(arguments, 0),
              Values.items(of).stream().map(Values::text).toList());
      case "reverse" -> {
        List<@Nullable Object> reversed = Values.items(of);
        Collections.reverse(reversed);
        yield of instanceof String
            ? String.join("", reversed.stream().map(Values::text).toList())
            : reversed;
      }
      case "items" -> {
        List<@Nullable Object> pairs = new ArrayList<>();
        if (of instanceof Map<?, ?> map) {
          map.forEach(
              (key, value) -> {
                List<@Nullable Object> pair = new ArrayList<>();
                pair.add(key);
                pair.add(value);
                pairs.add(pair);
              });
        }
        yield pairs;
      }
      case "tojson" -> {
        if (filter != null && (!filter.named().isEmpty() || !arguments.isEmpty())) {
          throw new TemplateException(
              "The chat template passes options to tojson, which is not supported.");
        }
        yield Values.json(of);
      }
      case "safe" -> Objects.requireNonNullElse(of, "");
      default ->
          throw new TemplateException(
              "The chat template uses the filter " + name + ", which is not supported.");
    };
  }

  private static String capitalize(String text) {
    return text.isEmpty()
        ? text
        : text.substring(0, 1).toUpperCase(Locale.ROOT)
            + text.substring(1).toLowerCase(Locale.ROOT);
  }

  static boolean test(String name, @Nullable Object value) {
    return switch (name) {
      case "defined" -> !Values.isUndefined(value);
      case "undefined" -> Values.isUndefined(value);
      case "none" -> value == null;
      case "string" -> value instanceof String;
      case "number" -> value instanceof Number;
      case "integer" -> value instanceof Long;
      case "boolean" -> value instanceof Boolean;
      case "true" -> Boolean.TRUE.equals(value);
      case "false" -> Boolean.FALSE.equals(value);
      case "mapping" -> value instanceof Map<?, ?>;
      case "iterable", "sequence" ->
          value instanceof List<?> || value instanceof Map<?, ?> || value instanceof String;
      case "odd" -> Values.integer(value) % 2 != 0;
      case "even" -> Values.integer(value) % 2 == 0;
      default ->
          throw new TemplateException(
              "The chat template uses the test " + name + ", which is not supported.");
    };
  }

  static String text(List<@Nullable Object> arguments, int index) {
    return index < arguments.size() ? Values.text(arguments.get(index)) : "";
  }

  private static TemplateException unknownMethod(String name) {
    return new TemplateException(
        "The chat template calls the method " + name + ", which is not supported.");
  }
}
