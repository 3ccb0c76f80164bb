package dev.tidemill.curator;

import dev.tidemill.events.Arm;
import dev.tidemill.events.Completion;
import dev.tidemill.events.Correction;
import dev.tidemill.events.Demonstration;
import dev.tidemill.events.Document;
import dev.tidemill.events.Erasure;
import dev.tidemill.events.Feedback;
import dev.tidemill.events.Message;
import dev.tidemill.events.Preference;
import dev.tidemill.events.Rating;
import dev.tidemill.events.Retraction;
import dev.tidemill.events.Sampling;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Raw records for tests.
public final class Records {
  /// When tests begin.
  public static final Instant START = Instant.parse("2026-03-01T12:00:00Z");

  private Records() {}

  public static Document document(String id, String key, String text) {
    return Document.newBuilder()
        .setId(id)
        .setKey(key)
        .setProducer("wiki")
        .setSource("https://example.org/" + key)
        .setText(text)
        .setTags(Map.of())
        .setEventTime(START)
        .build();
  }

  public static Demonstration demonstration(String id, String question, String answer) {
    return Demonstration.newBuilder()
        .setId(id)
        .setProducer("desk")
        .setTask("support")
        .setPrompt(prompt(question))
        .setAnswer(answer)
        .setEventTime(START)
        .build();
  }

  public static Completion completion(String id, String question, String answer) {
    return Completion.newBuilder()
        .setId(id)
        .setTask("support")
        .setRelease("support@sha256:1")
        .setBase("sha256:2")
        .setArm(Arm.LIVE)
        .setReplica("r1")
        .setProducer("app")
        .setPrompt(prompt(question))
        .setAnswer(answer)
        .setSampling(Sampling.newBuilder().setTemperature(0).setTopP(1).setMaxTokens(16).build())
        .setFinishReason("stop")
        .setPromptTokens(3)
        .setCompletionTokens(1)
        .setTimeToFirstTokenSeconds(0.1)
        .setDurationSeconds(0.2)
        .setEventTime(START)
        .build();
  }

  /// The same, asked by somebody.
  public static Completion completion(String id, String question, String answer, String subject) {
    return Completion.newBuilder(completion(id, question, answer)).setSubject(subject).build();
  }

  public static Feedback correction(String id, String completion, String subject, String text) {
    return feedback(id, completion, subject, new Correction(text));
  }

  public static Feedback rating(
      String id, String completion, @Nullable String subject, double value) {
    return feedback(id, completion, subject, new Rating(value, null));
  }

  public static Feedback preference(
      String id, String completion, String subject, String other, boolean otherIsBetter) {
    return feedback(id, completion, subject, new Preference(null, other, otherIsBetter));
  }

  public static Feedback retraction(String id, String completion, String subject, String target) {
    return feedback(id, completion, subject, new Retraction(target));
  }

  public static Feedback feedback(
      String id, String completion, @Nullable String subject, Object evidence) {
    return Feedback.newBuilder()
        .setId(id)
        .setCompletionId(completion)
        .setProducer("app")
        .setSubject(subject)
        .setEvidence(evidence)
        .setEventTime(START)
        .build();
  }

  /// The same at another time.
  public static Feedback at(Feedback feedback, Instant time) {
    return Feedback.newBuilder(feedback).setEventTime(time).build();
  }

  public static Erasure erasure(String id, String subject) {
    return Erasure.newBuilder()
        .setId(id)
        .setProducer("app")
        .setSubject(subject)
        .setReason("asked for")
        .setEventTime(START)
        .build();
  }

  public static List<Message> prompt(String question) {
    return List.of(new Message("user", question));
  }
}
