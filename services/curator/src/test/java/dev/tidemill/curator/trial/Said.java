package dev.tidemill.curator.trial;

import dev.tidemill.curator.Records;
import dev.tidemill.events.Completion;
import dev.tidemill.events.Correction;
import dev.tidemill.events.Feedback;
import dev.tidemill.events.Preference;
import dev.tidemill.events.Rating;
import java.time.Duration;
import java.time.Instant;

/// One feedback and the completion it speaks of.
///
/// @param at when, from the beginning
/// @param served the answer it speaks of
/// @param evidence what it says
/// @param kind sound, a mistake, or part of an attack
public record Said(
    Duration at, String subject, String question, String served, Object evidence, Kind kind) {

  /// Why it was said.
  public enum Kind {
    /// Meant well, and right.
    SOUND,
    /// Meant well, and wrong.
    MISTAKE,
    /// Part of an attack.
    LIE
  }

  /// A rating of the answer served.
  public static Said rating(
      Duration at, String subject, String question, String served, boolean good) {
    return new Said(at, subject, question, served, new Rating(good ? 1.0 : 0.0, null), Kind.SOUND);
  }

  /// A better answer than that served.
  public static Said correction(
      Duration at, String subject, String question, String served, String better) {
    return new Said(at, subject, question, served, new Correction(better), Kind.SOUND);
  }

  /// Another answer compared with that served.
  public static Said preference(
      Duration at, String subject, String question, String served, String other, boolean better) {
    return new Said(at, subject, question, served, new Preference(null, other, better), Kind.SOUND);
  }

  /// The same as part of an attack.
  public Said asLie() {
    return new Said(at, subject, question, served, evidence, Kind.LIE);
  }

  /// The same, said by mistake.
  Said asMistake() {
    return new Said(at, subject, question, served, evidence, Kind.MISTAKE);
  }

  /// The completion, under this id.
  public Completion completion(String id, Instant start) {
    return Completion.newBuilder(Records.completion(id, question, served))
        .setEventTime(start.plus(at))
        .build();
  }

  /// The feedback on the completion of this id.
  public Feedback feedback(String completionId, Instant start) {
    return Feedback.newBuilder(
            Records.feedback("f-" + completionId, completionId, subject, evidence))
        .setEventTime(start.plus(at))
        .build();
  }
}
