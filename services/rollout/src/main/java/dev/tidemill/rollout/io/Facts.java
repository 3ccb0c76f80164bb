package dev.tidemill.rollout.io;

import dev.tidemill.events.Completion;
import dev.tidemill.events.Feedback;
import dev.tidemill.events.Rating;
import dev.tidemill.events.Retraction;
import dev.tidemill.rollout.domain.CompletionFact;
import dev.tidemill.rollout.domain.FeedbackFact;
import java.util.Optional;

/// Takes from records what the judgement needs.
final class Facts {
  private Facts() {}

  static CompletionFact of(Completion completion) {
    return new CompletionFact(
        completion.getId(),
        completion.getTask(),
        completion.getRelease(),
        completion.getArm(),
        completion.getSubject(),
        completion.getFinishReason(),
        completion.getAnswer().length(),
        completion.getDurationSeconds(),
        completion.getEventTime());
  }

  /// Empty for corrections and preferences, which train and do not judge.
  ///
  /// @throws IllegalArgumentException when a rating is not in [0, 1]
  static Optional<FeedbackFact> of(Feedback feedback) {
    return switch (feedback.getEvidence()) {
      case Rating rating ->
          Optional.of(
              new FeedbackFact.Rated(
                  feedback.getId(),
                  feedback.getCompletionId(),
                  feedback.getSubject(),
                  rating.getValue(),
                  feedback.getEventTime()));
      case Retraction retraction ->
          Optional.of(
              new FeedbackFact.Retracted(
                  feedback.getId(), feedback.getCompletionId(), retraction.getFeedbackId()));
      case Object other -> Optional.empty();
    };
  }
}
