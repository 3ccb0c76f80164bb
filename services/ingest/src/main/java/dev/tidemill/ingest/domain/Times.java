package dev.tidemill.ingest.domain;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;

/// Reads ISO-8601 times with an offset.
final class Times {

  // 2026-01-31T12:00:00Z and 2026-01-31T12:00:00.000Z: what nearly all producers write, read
  // without a formatter, which takes longer than the parsing of a whole record.
  private static final String PLAIN = "dddd-dd-ddTdd:dd:ddZ";
  private static final String MILLIS = "dddd-dd-ddTdd:dd:dd.dddZ";

  private Times() {}

  /// The time that a text names; null when it names none.
  static @Nullable Instant parse(String text) {
    try {
      if (fits(text, PLAIN)) {
        return plain(text, 0);
      }
      if (fits(text, MILLIS)) {
        return plain(text, number(text, 20, 23));
      }
      return OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeException e) {
      return null;
    }
  }

  private static Instant plain(String text, int millis) {
    return LocalDateTime.of(
            number(text, 0, 4),
            number(text, 5, 7),
            number(text, 8, 10),
            number(text, 11, 13),
            number(text, 14, 16),
            number(text, 17, 19),
            millis * 1_000_000)
        .toInstant(ZoneOffset.UTC);
  }

  private static boolean fits(String text, String pattern) {
    if (text.length() != pattern.length()) {
      return false;
    }
    for (int i = 0; i < pattern.length(); i++) {
      char c = text.charAt(i);
      char wanted = pattern.charAt(i);
      if (wanted == 'd' ? c < '0' || c > '9' : c != wanted) {
        return false;
      }
    }
    return true;
  }

  private static int number(String text, int from, int to) {
    int number = 0;
    for (int i = from; i < to; i++) {
      number = number * 10 + text.charAt(i) - '0';
    }
    return number;
  }
}
