package dev.tidemill.curator.text;

import java.util.Locale;

/// The rules of Gopher and FineWeb by which a document is refused. [#code()] is what dead letters
/// and metrics carry.
public enum QualityRule {
  TOO_FEW_WORDS,
  TOO_MANY_WORDS,
  MEAN_WORD_LENGTH,
  SYMBOL_RATIO,
  BULLET_LINES,
  ELLIPSIS_LINES,
  ALPHABETIC_WORDS,
  STOP_WORDS,
  DUPLICATE_LINES,
  CHARACTER_DUPLICATES,
  LINE_PUNCTUATION,
  SHORT_LINES,
  NEWLINE_RATIO;

  private final String code = name().toLowerCase(Locale.ROOT);

  /// The name in lower case.
  public String code() {
    return code;
  }

  /// A rule that a text broke.
  ///
  /// @param measured what the text has
  /// @param threshold what it should have had: at least or at most
  /// @param detail one sentence naming both
  public record Breach(QualityRule rule, double measured, double threshold, String detail) {}
}
