package dev.tidemill.benchmarks.scenario.crash;

import org.jspecify.annotations.Nullable;

/// One thing that a producer, a user or a replica tells the system. Texts are in normal form.
sealed interface Event {

  /// New corpus text.
  record OfDocument(String id, String key, String text) implements Event {}

  /// An instruction with its answer.
  record OfDemonstration(String id, String task, String subject, String prompt, String answer)
      implements Event {}

  /// An answer that was served, or one of a shadow.
  record OfCompletion(String id, String task, String prompt, String answer, boolean shadow)
      implements Event {}

  /// Something said of a completion.
  ///
  /// @param id null leaves the naming to the gateway
  /// @param at event time, in milliseconds
  record OfFeedback(
      @Nullable String id, String completion, String subject, Statement statement, long at)
      implements Event {}

  /// Bytes that are no record.
  ///
  /// @param topic of completions or feedback
  record OfRubbish(String topic, String key, String bytes) implements Event {}

  /// What a feedback says.
  sealed interface Statement {
    /// The word for its kind.
    default String kind() {
      return switch (this) {
        case Rated rated -> "rating";
        case Corrected corrected -> "correction";
        case Preferred preferred -> "preference";
        case Retracted retracted -> "retraction";
      };
    }
  }

  /// A rating from 0 to 1.
  record Rated(double value) implements Statement {}

  /// The better text.
  record Corrected(String text) implements Statement {}

  /// Another text is better, or worse.
  record Preferred(String other, boolean otherIsBetter) implements Statement {}

  /// Takes a feedback back.
  record Retracted(String feedback) implements Statement {}
}
