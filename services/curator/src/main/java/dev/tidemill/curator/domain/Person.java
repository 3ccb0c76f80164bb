package dev.tidemill.curator.domain;

import dev.tidemill.events.Completion;
import dev.tidemill.events.CuratedDocument;
import dev.tidemill.events.Demonstration;
import dev.tidemill.events.Document;
import dev.tidemill.events.Example;
import dev.tidemill.events.Feedback;
import dev.tidemill.events.Holdout;
import dev.tidemill.events.Trust;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Somebody behind a record: whom an erasure of it must name.
///
/// @param subject pseudonym
/// @param time when the subject gave what the record holds
public record Person(String subject, Instant time) {

  public static List<Person> of(Document document) {
    return of(document.getSubject(), document.getEventTime());
  }

  public static List<Person> of(Demonstration demonstration) {
    return of(demonstration.getSubject(), demonstration.getEventTime());
  }

  public static List<Person> of(Completion completion) {
    return of(completion.getSubject(), completion.getEventTime());
  }

  public static List<Person> of(Feedback feedback) {
    return of(feedback.getSubject(), feedback.getEventTime());
  }

  public static List<Person> of(CuratedDocument document) {
    return of(document.getSubject(), document.getEventTime());
  }

  /// Who gave the feedback or demonstration, and whose prompt the completion had answered.
  public static List<Person> of(Example example) {
    List<Person> persons = new ArrayList<>(of(example.getSubject(), example.getEventTime()));
    @Nullable Instant served = example.getCompletionTime();
    if (served != null) {
      persons.addAll(of(example.getCompletionSubject(), served));
    }
    return persons;
  }

  public static List<Person> of(Holdout holdout) {
    return switch (holdout.getItem()) {
      case Example example -> of(example);
      case CuratedDocument document -> of(document);
      case Object other ->
          throw new IllegalStateException("the schema of Holdout knows no " + other.getClass());
    };
  }

  public static List<Person> of(Trust trust) {
    return of(trust.getSubject(), trust.getEventTime());
  }

  /// This subject, if one is known.
  public static List<Person> of(@Nullable String subject, Instant time) {
    return subject == null ? List.of() : List.of(new Person(subject, time));
  }
}
