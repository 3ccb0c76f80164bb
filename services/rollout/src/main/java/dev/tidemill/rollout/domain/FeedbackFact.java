package dev.tidemill.rollout.domain;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// What the judgement needs of a feedback.
public sealed interface FeedbackFact {
  /// Id of the feedback.
  String id();

  /// The completion that it is about.
  String completion();

  /// A rating.
  ///
  /// @param subject the person who rated; null when unknown
  /// @param value in [0, 1]
  record Rated(String id, String completion, @Nullable String subject, double value, Instant at)
      implements FeedbackFact {
    public Rated {
      if (!(value >= 0 && value <= 1)) {
        throw new IllegalArgumentException("a rating must be in [0, 1], was " + value);
      }
    }
  }

  /// An earlier feedback no longer counts.
  ///
  /// @param retracted id of that feedback
  record Retracted(String id, String completion, String retracted) implements FeedbackFact {}
}
