package dev.tidemill.client;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// What somebody says of a completion. It may come late, be revised by a later one, and be taken
/// back.
///
/// @param id unique; the gateway makes one when null. A retraction names it
/// @param completionId of the answer it speaks of
/// @param evidence what it says
/// @param subject pseudonymous person who says it
/// @param eventTime when it was said; when it is pushed, if null
public record Feedback(
    @Nullable String id,
    String completionId,
    Evidence evidence,
    @Nullable String subject,
    @Nullable Instant eventTime)
    implements Push {

  /// What feedback says.
  public sealed interface Evidence permits Rating, Correction, Preference, Retraction {}

  /// How good the answer is.
  ///
  /// @param value from 0 to 1
  public record Rating(double value, @Nullable String comment) implements Evidence {}

  /// The better text.
  public record Correction(String text) implements Evidence {}

  /// Another answer, which is better or worse.
  ///
  /// @param otherCompletionId of the other answer, when it is a completion too
  public record Preference(
      @Nullable String otherCompletionId, String otherText, boolean otherIsBetter)
      implements Evidence {}

  /// Takes earlier feedback back.
  public record Retraction(String feedbackId) implements Evidence {}

  public static Feedback of(String completionId, Evidence evidence) {
    return new Feedback(null, completionId, evidence, null, null);
  }

  /// A rating.
  ///
  /// @param value from 0 to 1
  public static Feedback rating(String completionId, double value) {
    return of(completionId, new Rating(value, null));
  }

  public static Feedback correction(String completionId, String text) {
    return of(completionId, new Correction(text));
  }

  /// Another text was better, or worse.
  public static Feedback preference(String completionId, String otherText, boolean otherIsBetter) {
    return of(completionId, new Preference(null, otherText, otherIsBetter));
  }

  public static Feedback retraction(String completionId, String feedbackId) {
    return of(completionId, new Retraction(feedbackId));
  }

  public Feedback withId(String newId) {
    return new Feedback(newId, completionId, evidence, subject, eventTime);
  }

  public Feedback withSubject(String newSubject) {
    return new Feedback(id, completionId, evidence, newSubject, eventTime);
  }

  public Feedback at(Instant newEventTime) {
    return new Feedback(id, completionId, evidence, subject, newEventTime);
  }
}
