package dev.tidemill.curator.domain;

import dev.tidemill.events.Correction;
import dev.tidemill.events.Feedback;
import dev.tidemill.events.Preference;
import dev.tidemill.events.Rating;
import dev.tidemill.events.Retraction;
import java.util.Locale;

/// What a record says of an answer.
public enum EvidenceKind {
  DEMONSTRATION,
  RATING,
  CORRECTION,
  PREFERENCE,
  RETRACTION;

  private final String code = name().toLowerCase(Locale.ROOT);

  /// The name in lower case, as metrics and ids carry it.
  public String code() {
    return code;
  }

  /// The kind of a feedback.
  public static EvidenceKind of(Feedback feedback) {
    return switch (feedback.getEvidence()) {
      case Rating r -> RATING;
      case Correction c -> CORRECTION;
      case Preference p -> PREFERENCE;
      case Retraction r -> RETRACTION;
      case Object other ->
          throw new IllegalStateException("the schema of Feedback knows no " + other.getClass());
    };
  }
}
