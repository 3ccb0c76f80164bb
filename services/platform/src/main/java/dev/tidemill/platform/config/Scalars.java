package dev.tidemill.platform.config;

import java.math.BigDecimal;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Reads the texts of settings as values, and says in words what a type wants.
final class Scalars {

  private static final Pattern DURATION = Pattern.compile("(\\d+)\\s*(ms|s|m|h|d)");
  private static final Pattern SIZE =
      Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)");
  private static final Map<String, Long> UNITS =
      Map.ofEntries(
          Map.entry("B", 1L),
          Map.entry("kB", 1_000L),
          Map.entry("KB", 1_000L),
          Map.entry("MB", 1_000_000L),
          Map.entry("GB", 1_000_000_000L),
          Map.entry("TB", 1_000_000_000_000L),
          Map.entry("KiB", 1L << 10),
          Map.entry("MiB", 1L << 20),
          Map.entry("GiB", 1L << 30),
          Map.entry("TiB", 1L << 40));

  private Scalars() {}

  /// What a record's constructor is given for a key that was left out.
  static @Nullable Object absent(Class<?> type) {
    if (!type.isPrimitive()) {
      return null;
    }
    if (type == boolean.class) {
      return false;
    }
    return number("0", type);
  }

  static Object parse(String text, Class<?> type) {
    if (type == String.class || type == CharSequence.class) {
      return text;
    }
    if (type == boolean.class || type == Boolean.class) {
      return bool(text);
    }
    if (type == Duration.class) {
      return duration(text);
    }
    if (type == Instant.class) {
      return instant(text);
    }
    if (type == Path.class) {
      return Path.of(text);
    }
    if (type == URI.class) {
      return uri(text);
    }
    if (type.isEnum()) {
      return constant(text, type);
    }
    return number(text, type);
  }

  static String kind(Class<?> type) {
    if (type == boolean.class || type == Boolean.class) {
      return "true or false";
    }
    if (type == Duration.class) {
      return "a duration as 250ms, 30s, 5m, 2h or ISO-8601";
    }
    if (type == Instant.class) {
      return "an ISO-8601 instant";
    }
    if (type == URI.class) {
      return "a URI with a scheme";
    }
    if (type == Path.class) {
      return "a path";
    }
    if (type == String.class) {
      return "a string";
    }
    if (type == double.class
        || type == Double.class
        || type == float.class
        || type == Float.class) {
      return "a number";
    }
    if (type.isEnum()) {
      return "one of "
          + Arrays.stream(Objects.requireNonNull(type.getEnumConstants()))
              .map(c -> c.toString().toLowerCase(Locale.ROOT))
              .collect(Collectors.joining(", "));
    }
    return "a whole number (sizes as 512KiB, 1MiB)";
  }

  private static Object number(String text, Class<?> type) {
    if (type == double.class || type == Double.class) {
      return Double.parseDouble(text);
    }
    if (type == float.class || type == Float.class) {
      return Float.parseFloat(text);
    }
    BigDecimal whole = whole(text);
    if (type == int.class || type == Integer.class) {
      return whole.intValueExact();
    }
    if (type == long.class || type == Long.class) {
      return whole.longValueExact();
    }
    if (type == short.class || type == Short.class) {
      return whole.shortValueExact();
    }
    throw new IllegalStateException("settings of type " + type.getName());
  }

  private static BigDecimal whole(String text) {
    Matcher size = SIZE.matcher(text);
    if (size.matches()) {
      long unit = Objects.requireNonNull(UNITS.get(size.group(2)));
      return new BigDecimal(size.group(1)).multiply(BigDecimal.valueOf(unit));
    }
    return new BigDecimal(text.replace("_", ""));
  }

  private static Boolean bool(String text) {
    return switch (text) {
      case "true" -> true;
      case "false" -> false;
      case String other -> throw new IllegalArgumentException(other);
    };
  }

  private static Duration duration(String text) {
    Matcher matcher = DURATION.matcher(text);
    if (!matcher.matches()) {
      try {
        return Duration.parse(text);
      } catch (java.time.DateTimeException e) {
        throw new IllegalArgumentException(text, e);
      }
    }
    long count = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "ms" -> Duration.ofMillis(count);
      case "s" -> Duration.ofSeconds(count);
      case "m" -> Duration.ofMinutes(count);
      case "h" -> Duration.ofHours(count);
      case String d -> Duration.ofDays(count);
    };
  }

  private static Instant instant(String text) {
    try {
      return Instant.parse(text);
    } catch (java.time.DateTimeException e) {
      throw new IllegalArgumentException(text, e);
    }
  }

  private static URI uri(String text) {
    URI uri = URI.create(text);
    if (!uri.isAbsolute()) {
      throw new IllegalArgumentException(text);
    }
    return uri;
  }

  private static Object constant(String text, Class<?> type) {
    String wanted = text.replace('-', '_');
    return Arrays.stream(Objects.requireNonNull(type.getEnumConstants()))
        .filter(c -> ((Enum<?>) c).name().equalsIgnoreCase(wanted))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(text));
  }
}
