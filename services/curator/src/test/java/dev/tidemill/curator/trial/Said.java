package dev.tidemill.curator.trial;

import dev.tidemill.events.Arm;
import dev.tidemill.events.Completion;
import dev.tidemill.events.Correction;
import dev.tidemill.events.Feedback;
import dev.tidemill.events.Message;
import dev.tidemill.events.Preference;
import dev.tidemill.events.Rating;
import dev.tidemill.events.Sampling;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

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
    return Completion.newBuilder()
        .setId(id)
        .setTask("support")
        .setRelease("support@sha256:1")
        .setBase("sha256:2")
        .setArm(Arm.LIVE)
        .setReplica("r1")
        .setProducer("app")
        .setPrompt(List.of(new Message("user", question)))
        .setAnswer(served)
        .setSampling(Sampling.newBuilder().setTemperature(0).setTopP(1).setMaxTokens(16).build())
        .setFinishReason("stop")
        .setPromptTokens(3)
        .setCompletionTokens(1)
        .setTimeToFirstTokenSeconds(0.1)
        .setDurationSeconds(0.2)
        .setEventTime(start.plus(at))
        .build();
  }

  /// The feedback on the completion of this id.
  public Feedback feedback(String completionId, Instant start) {
    return Feedback.newBuilder()
        .setId("f-" + completionId)
        .setCompletionId(completionId)
        .setProducer("app")
        .setSubject(subject)
        .setEvidence(evidence)
        .setEventTime(start.plus(at))
        .build();
  }
}
