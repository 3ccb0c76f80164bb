package dev.tidemill.curator.text;

import dev.tidemill.curator.text.QualityRule.Breach;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Thresholds of the quality rules for documents (section `curator.quality`): Gopher's and
/// FineWeb's, each with its published default.
///
/// @param enabled whether documents are held against the rules at all; true unless told
/// @param minWords fewest words; 50
/// @param maxWords most words; 100,000
/// @param minMeanWordLength least mean length of words; 3
/// @param maxMeanWordLength most mean length of words; 10
/// @param maxSymbolRatio most hash signs, or ellipses, for each word; 0.1
/// @param maxBulletLines largest share of lines that begin with a bullet; 0.9
/// @param maxEllipsisLines largest share of lines that end with an ellipsis; 0.3
/// @param minAlphabeticWords least share of words with a letter; 0.8
/// @param minStopWords fewest different stop words of the text's language; 2
/// @param stopWords stop words by language code; those of ten languages. Languages that are not
///   listed have no stop words to be missing
/// @param maxDuplicateLines largest share of lines that are copies of earlier ones; 0.3
/// @param maxDuplicateCharacters largest share of characters in such lines; 0.01
/// @param minPunctuatedLines least share of lines that end with a sentence's mark; 0.12
/// @param maxShortLines largest share of short lines; 0.67
/// @param shortLine characters up to which a line is short; 30
/// @param maxNewlineRatio most line ends for each word; 0.3
public record Quality(
    Boolean enabled,
    Integer minWords,
    Integer maxWords,
    Double minMeanWordLength,
    Double maxMeanWordLength,
    Double maxSymbolRatio,
    Double maxBulletLines,
    Double maxEllipsisLines,
    Double minAlphabeticWords,
    Integer minStopWords,
    Map<String, List<String>> stopWords,
    Double maxDuplicateLines,
    Double maxDuplicateCharacters,
    Double minPunctuatedLines,
    Double maxShortLines,
    Integer shortLine,
    Double maxNewlineRatio) {

  /// All thresholds by default.
  public static final Quality DEFAULT = thresholds(true);

  /// Holds nothing against any document.
  public static final Quality OFF = thresholds(false);

  public Quality {
    enabled = enabled == null ? Boolean.TRUE : enabled;
    minWords = count("min_words", minWords == null ? DEFAULT.minWords : minWords);
    maxWords = count("max_words", maxWords == null ? DEFAULT.maxWords : maxWords);
    minMeanWordLength =
        positive(
            "min_mean_word_length",
            minMeanWordLength == null ? DEFAULT.minMeanWordLength : minMeanWordLength);
    maxMeanWordLength =
        positive(
            "max_mean_word_length",
            maxMeanWordLength == null ? DEFAULT.maxMeanWordLength : maxMeanWordLength);
    maxSymbolRatio =
        positive(
            "max_symbol_ratio", maxSymbolRatio == null ? DEFAULT.maxSymbolRatio : maxSymbolRatio);
    maxBulletLines =
        share("max_bullet_lines", maxBulletLines == null ? DEFAULT.maxBulletLines : maxBulletLines);
    maxEllipsisLines =
        share(
            "max_ellipsis_lines",
            maxEllipsisLines == null ? DEFAULT.maxEllipsisLines : maxEllipsisLines);
    minAlphabeticWords =
        share(
            "min_alphabetic_words",
            minAlphabeticWords == null ? DEFAULT.minAlphabeticWords : minAlphabeticWords);
    minStopWords =
        count("min_stop_words", minStopWords == null ? DEFAULT.minStopWords : minStopWords);
    stopWords = stopWords == null ? DEFAULT.stopWords : Map.copyOf(stopWords);
    maxDuplicateLines =
        share(
            "max_duplicate_lines",
            maxDuplicateLines == null ? DEFAULT.maxDuplicateLines : maxDuplicateLines);
    maxDuplicateCharacters =
        share(
            "max_duplicate_characters",
            maxDuplicateCharacters == null
                ? DEFAULT.maxDuplicateCharacters
                : maxDuplicateCharacters);
    minPunctuatedLines =
        share(
            "min_punctuated_lines",
            minPunctuatedLines == null ? DEFAULT.minPunctuatedLines : minPunctuatedLines);
    maxShortLines =
        share("max_short_lines", maxShortLines == null ? DEFAULT.maxShortLines : maxShortLines);
    shortLine = count("short_line", shortLine == null ? DEFAULT.shortLine : shortLine);
    maxNewlineRatio =
        positive(
            "max_newline_ratio",
            maxNewlineRatio == null ? DEFAULT.maxNewlineRatio : maxNewlineRatio);
    if (maxWords < minWords) {
      throw new IllegalArgumentException(
          "max_words must be at least min_words %d, was %d".formatted(minWords, maxWords));
    }
    if (maxMeanWordLength < minMeanWordLength) {
      throw new IllegalArgumentException(
          "max_mean_word_length must be at least min_mean_word_length %s, was %s"
              .formatted(minMeanWordLength, maxMeanWordLength));
    }
    StopWords.check(stopWords);
  }

  /// The rules that a text of these statistics breaks, in their order; none when it passes.
  ///
  /// @param language the text's, if it is known: only its stop words count then
  List<Breach> breaches(TextStatistics text, @Nullable String language) {
    List<Breach> found = new ArrayList<>();
    least(found, QualityRule.TOO_FEW_WORDS, "the number of words", text.words(), minWords);
    most(found, QualityRule.TOO_MANY_WORDS, "the number of words", text.words(), maxWords);
    QualityRule length = QualityRule.MEAN_WORD_LENGTH;
    least(found, length, "the mean word length", text.meanWordLength(), minMeanWordLength);
    most(found, length, "the mean word length", text.meanWordLength(), maxMeanWordLength);
    most(
        found,
        QualityRule.SYMBOL_RATIO,
        "the number of hash signs or ellipses for each word",
        text.symbolRatio(),
        maxSymbolRatio);
    most(
        found,
        QualityRule.BULLET_LINES,
        "the share of lines that begin with a bullet",
        text.bulletLines(),
        maxBulletLines);
    most(
        found,
        QualityRule.ELLIPSIS_LINES,
        "the share of lines that end with an ellipsis",
        text.ellipsisLines(),
        maxEllipsisLines);
    least(
        found,
        QualityRule.ALPHABETIC_WORDS,
        "the share of words with a letter",
        text.alphabeticWords(),
        minAlphabeticWords);
    stopWords(found, text, language);
    most(
        found,
        QualityRule.DUPLICATE_LINES,
        "the share of lines that are copies of earlier ones",
        text.duplicateLines(),
        maxDuplicateLines);
    most(
        found,
        QualityRule.CHARACTER_DUPLICATES,
        "the share of characters in lines that are copies of earlier ones",
        text.duplicateCharacters(),
        maxDuplicateCharacters);
    least(
        found,
        QualityRule.LINE_PUNCTUATION,
        "the share of lines that end a sentence",
        text.punctuatedLines(),
        minPunctuatedLines);
    most(
        found,
        QualityRule.SHORT_LINES,
        "the share of lines of at most " + shortLine + " characters",
        text.shortLines(),
        maxShortLines);
    most(
        found,
        QualityRule.NEWLINE_RATIO,
        "the number of line ends for each word",
        text.newlineRatio(),
        maxNewlineRatio);
    return found;
  }

  // A text whose language is not known may be of any of those listed.
  private void stopWords(List<Breach> found, TextStatistics text, @Nullable String language) {
    if (language == null) {
      int best = text.stopWords().values().stream().mapToInt(n -> n).max().orElse(minStopWords);
      least(
          found,
          QualityRule.STOP_WORDS,
          "the number of different stop words of any one language",
          best,
          minStopWords);
      return;
    }
    @Nullable Integer distinct = text.stopWords().get(language);
    if (distinct != null) {
      least(
          found,
          QualityRule.STOP_WORDS,
          "the number of different stop words of language " + language,
          distinct,
          minStopWords);
    }
  }

  private static void least(
      List<Breach> found, QualityRule rule, String what, double measured, double least) {
    if (measured < least) {
      found.add(breach(rule, what, measured, "least", least));
    }
  }

  private static void most(
      List<Breach> found, QualityRule rule, String what, double measured, double most) {
    if (measured > most) {
      found.add(breach(rule, what, measured, "most", most));
    }
  }

  private static Breach breach(
      QualityRule rule, String what, double measured, String bound, double threshold) {
    return new Breach(
        rule,
        measured,
        threshold,
        "%s is %s, the %s is %s".formatted(what, show(measured), bound, show(threshold)));
  }

  private static String show(double value) {
    return BigDecimal.valueOf(value)
        .round(value >= 1000 ? MathContext.UNLIMITED : new MathContext(3))
        .stripTrailingZeros()
        .toPlainString();
  }

  private static int count(String key, int value) {
    if (value < 0) {
      throw new IllegalArgumentException(key + " must not be negative, was " + value);
    }
    return value;
  }

  private static double positive(String key, double value) {
    if (!(value >= 0)) {
      throw new IllegalArgumentException(key + " must not be negative, was " + value);
    }
    return value;
  }

  private static double share(String key, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(key + " must be from 0 to 1, was " + value);
    }
    return value;
  }

  private static Quality thresholds(boolean enabled) {
    return new Quality(
        enabled,
        50,
        100_000,
        3.0,
        10.0,
        0.1,
        0.9,
        0.3,
        0.8,
        2,
        StopWords.DEFAULT,
        0.3,
        0.01,
        0.12,
        0.67,
        30,
        0.3);
  }
}
