package dev.tidemill.client;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An instruction with the wanted answer.
///
/// @param id unique; the gateway makes one when null
/// @param task the line of adapters it teaches, which is the `model` that clients ask for
/// @param prompt the conversation, whose last turn is the user's
/// @param answer the wanted answer
/// @param subject pseudonymous person it is about, for erasures
/// @param eventTime when it was written; when it is pushed, if null
public record Demonstration(
    @Nullable String id,
    String task,
    List<Turn> prompt,
    String answer,
    @Nullable String subject,
    @Nullable Instant eventTime)
    implements Push {

  /// One turn of a conversation.
  ///
  /// @param role system, user or assistant
  public record Turn(String role, String content) {}

  public Demonstration {
    prompt = List.copyOf(prompt);
  }

  /// A question with its answer.
  public static Demonstration of(String task, String question, String answer) {
    return of(task, List.of(new Turn("user", question)), answer);
  }

  /// A conversation with the answer to its last turn.
  public static Demonstration of(String task, List<Turn> prompt, String answer) {
    return new Demonstration(null, task, prompt, answer, null, null);
  }

  public Demonstration withId(String newId) {
    return new Demonstration(newId, task, prompt, answer, subject, eventTime);
  }

  public Demonstration withSubject(String newSubject) {
    return new Demonstration(id, task, prompt, answer, newSubject, eventTime);
  }

  public Demonstration at(Instant newEventTime) {
    return new Demonstration(id, task, prompt, answer, subject, newEventTime);
  }
}
