package dev.tidemill.curator.domain;

import dev.tidemill.curator.text.QualityRule;
import java.util.Locale;

/// The rules by which a record is refused. [#code()] is what dead letters and metrics carry.
public enum Reason {
  /// The bytes are not the record expected.
  MALFORMED_RECORD,
  /// The bytes are framed well, but nobody knows the schema that wrote them.
  UNKNOWN_SCHEMA,
  /// The Kafka key is not what the topic is keyed by, so the record lies in the wrong partition.
  KEY_MISMATCH,
  /// A name (id, key, task, producer, subject) is blank or too long.
  INVALID_NAME,
  BLANK_TEXT,
  TEXT_TOO_SHORT,
  TEXT_TOO_LONG,
  /// A prompt is empty, has an unknown role or does not end with the user's turn.
  INVALID_PROMPT,
  RATING_OUT_OF_RANGE,
  /// An event time centuries away: nobody's clock is that wrong.
  EVENT_TIME_OUT_OF_RANGE,
  /// Of two answers to compare, both are the same.
  EQUAL_ANSWERS,
  /// An id was used before for other content.
  CONFLICTING_ID,
  /// The same text came before under the same key.
  DUPLICATE,
  /// Nearly the same text came before under another key.
  NEAR_DUPLICATE,
  /// No completion came within the time that feedback waits for it.
  ORPHANED_FEEDBACK,
  /// The completion was not served to anybody as an answer: shadow, cancelled or failed.
  INELIGIBLE_COMPLETION,
  /// One completion holds as much feedback as it may.
  COMPLETION_CAP,
  /// A retraction of somebody else's feedback.
  FOREIGN_RETRACTION,
  /// The subject said the same about the same before.
  DUPLICATE_EVIDENCE,
  SUBJECT_CAP,
  PRODUCER_CAP,
  /// The subject gave far more than others do, and others do not bear it out.
  FAIR_SHARE,
  /// Others contradict the subject too often.
  DISTRUSTED,
  /// A few subjects say nearly the same of many prompts.
  CAMPAIGN,
  /// More subjects say otherwise.
  CONTRADICTED,
  SOURCE_NOT_ALLOWED,
  LICENCE_NOT_ALLOWED,
  LICENCE_MISSING,
  LANGUAGE_NOT_ALLOWED,
  // The quality rules for documents, each of which has its sentence in QualityRule.
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
  NEWLINE_RATIO,
  /// The subject asked to be forgotten after it gave this. The dead letter holds no bytes of it.
  ERASED_SUBJECT,
  /// What would be written does not fit into a Kafka record.
  RECORD_TOO_LARGE;

  private final String code = name().toLowerCase(Locale.ROOT);

  /// The reason for which a document is refused that breaks this rule.
  static Reason of(QualityRule rule) {
    return switch (rule) {
      case TOO_FEW_WORDS -> TOO_FEW_WORDS;
      case TOO_MANY_WORDS -> TOO_MANY_WORDS;
      case MEAN_WORD_LENGTH -> MEAN_WORD_LENGTH;
      case SYMBOL_RATIO -> SYMBOL_RATIO;
      case BULLET_LINES -> BULLET_LINES;
      case ELLIPSIS_LINES -> ELLIPSIS_LINES;
      case ALPHABETIC_WORDS -> ALPHABETIC_WORDS;
      case STOP_WORDS -> STOP_WORDS;
      case DUPLICATE_LINES -> DUPLICATE_LINES;
      case CHARACTER_DUPLICATES -> CHARACTER_DUPLICATES;
      case LINE_PUNCTUATION -> LINE_PUNCTUATION;
      case SHORT_LINES -> SHORT_LINES;
      case NEWLINE_RATIO -> NEWLINE_RATIO;
    };
  }

  /// What kind of thing this is. Only [Cause#INVALID] is a sign that something is broken.
  public Cause cause() {
    return switch (this) {
      case MALFORMED_RECORD,
          UNKNOWN_SCHEMA,
          KEY_MISMATCH,
          INVALID_NAME,
          BLANK_TEXT,
          TEXT_TOO_SHORT,
          TEXT_TOO_LONG,
          INVALID_PROMPT,
          RATING_OUT_OF_RANGE,
          EVENT_TIME_OUT_OF_RANGE,
          EQUAL_ANSWERS,
          CONFLICTING_ID,
          ORPHANED_FEEDBACK,
          INELIGIBLE_COMPLETION,
          FOREIGN_RETRACTION,
          RECORD_TOO_LARGE ->
          Cause.INVALID;
      case SOURCE_NOT_ALLOWED,
          LICENCE_NOT_ALLOWED,
          LICENCE_MISSING,
          LANGUAGE_NOT_ALLOWED,
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
          NEWLINE_RATIO ->
          Cause.SCREENED;
      case DUPLICATE, NEAR_DUPLICATE -> Cause.REPEATED;
      case COMPLETION_CAP,
          DUPLICATE_EVIDENCE,
          SUBJECT_CAP,
          PRODUCER_CAP,
          FAIR_SHARE,
          DISTRUSTED,
          CAMPAIGN,
          CONTRADICTED ->
          Cause.DAMPED;
      case ERASED_SUBJECT -> Cause.ERASED;
    };
  }

  /// The name in lower case.
  public String code() {
    return code;
  }

  /// What kind of thing a reason is, as the label `cause` of the dead letters' metric.
  public enum Cause {
    /// Nothing that a producer who keeps the contract would send.
    INVALID,
    /// A document that the configuration keeps out: its quality, language, source or licence.
    SCREENED,
    /// It came before, under the same key or nearly so under another.
    REPEATED,
    /// One voice is kept from drowning the others.
    DAMPED,
    /// The subject asked to be forgotten.
    ERASED;

    /// The name in lower case.
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
