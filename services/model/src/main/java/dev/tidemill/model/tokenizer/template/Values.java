package dev.tidemill.model.tokenizer.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Python's ways with values: what is true, equal, and how it is written.
final class Values {
  /// What an unknown name or key evaluates to.
  static final Object UNDEFINED = Undefined.UNDEFINED;

  private enum Undefined {
    UNDEFINED;

    @Override
    public String toString() {
      return "";
    }
  }

  private Values() {}

  static boolean isUndefined(@Nullable Object value) {
    return UNDEFINED.equals(value);
  }

  static boolean truth(@Nullable Object value) {
    return switch (value) {
      case null -> false;
      case Boolean flag -> flag;
      case Number number -> number.doubleValue() != 0;
      case String text -> !text.isEmpty();
      case List<?> list -> !list.isEmpty();
      case Map<?, ?> map -> !map.isEmpty();
      default -> !isUndefined(value);
    };
  }

  static boolean equal(@Nullable Object left, @Nullable Object right) {
    if (left instanceof Number a && right instanceof Number b) {
      return a.doubleValue() == b.doubleValue();
    }
    return Objects.equals(left, right);
  }

  static String text(@Nullable Object value) {
    return switch (value) {
      case null -> "None";
      case Boolean flag -> flag ? "True" : "False";
      default -> value.toString();
    };
  }

  static List<@Nullable Object> items(@Nullable Object value) {
    return switch (value) {
      case List<?> list -> new ArrayList<>(list);
      case Map<?, ?> map -> new ArrayList<>(map.keySet());
      case String text -> new ArrayList<>(text.codePoints().mapToObj(Character::toString).toList());
      case null, default -> {
        if (isUndefined(value)) {
          yield new ArrayList<>();
        }
        throw new TemplateException("The chat template loops over " + text(value) + ".");
      }
    };
  }

  static double number(@Nullable Object value) {
    return switch (value) {
      case Number number -> number.doubleValue();
      case Boolean flag -> flag ? 1 : 0;
      case null, default ->
          throw new TemplateException("The chat template calculates with " + text(value) + ".");
    };
  }

  static int integer(@Nullable Object value) {
    return (int) number(value);
  }

  /// JSON as Transformers' `tojson` writes it: `", "` and `": "` between, nothing escaped but
  /// what JSON needs.
  static String json(@Nullable Object value) {
    StringBuilder out = new StringBuilder();
    json(value, out);
    return out.toString();
  }

  private static void json(@Nullable Object value, StringBuilder out) {
    switch (value) {
      case null -> out.append("null");
      case String text -> quote(text, out);
      case Boolean flag -> out.append(flag);
      case Number number -> out.append(number);
      case List<?> list -> {
        out.append('[');
        String between = "";
        for (Object item : list) {
          out.append(between);
          json(item, out);
          between = ", ";
        }
        out.append(']');
      }
      case Map<?, ?> map -> {
        out.append('{');
        String between = "";
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          out.append(between);
          quote(text(entry.getKey()), out);
          out.append(": ");
          json(entry.getValue(), out);
          between = ", ";
        }
        out.append('}');
      }
      default -> throw new TemplateException("The chat template writes " + value + " as JSON.");
    }
  }

  private static void quote(String text, StringBuilder out) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          if (c < 0x20) {
            out.append(String.format("\\u%04x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }
}
