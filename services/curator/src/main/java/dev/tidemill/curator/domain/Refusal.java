package dev.tidemill.curator.domain;

import org.jspecify.annotations.Nullable;

/// Why a record was refused.
///
/// @param field that broke the rule, if it was one
/// @param detail one sentence naming the field and the value
public record Refusal(Reason reason, @Nullable String field, String detail) {
  private static final int SHOWN = 80;

  /// A value as a detail shows it: quoted, and cut when it is long.
  public static String show(String value) {
    return value.length() <= SHOWN
        ? "'" + value + "'"
        : "'" + value.substring(0, SHOWN) + "…' (" + value.length() + " characters)";
  }
}
