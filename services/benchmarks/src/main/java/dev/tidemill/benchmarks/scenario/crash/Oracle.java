package dev.tidemill.benchmarks.scenario.crash;

import dev.tidemill.benchmarks.scenario.crash.Event.Corrected;
import dev.tidemill.benchmarks.scenario.crash.Event.OfCompletion;
import dev.tidemill.benchmarks.scenario.crash.Event.OfDemonstration;
import dev.tidemill.benchmarks.scenario.crash.Event.OfDocument;
import dev.tidemill.benchmarks.scenario.crash.Event.OfFeedback;
import dev.tidemill.benchmarks.scenario.crash.Event.OfRubbish;
import dev.tidemill.benchmarks.scenario.crash.Event.Preferred;
import dev.tidemill.benchmarks.scenario.crash.Event.Rated;
import dev.tidemill.benchmarks.scenario.crash.Event.Retracted;
import dev.tidemill.benchmarks.scenario.crash.Event.Statement;
import dev.tidemill.schemas.Topics;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A model of curation, apart from the curator's code: shown the events in the order of the script,
/// it says what must come of them. It knows no damping.
final class Oracle {
  private final Set<String> documents = new HashSet<>();
  private final Set<String> examples = new HashSet<>();
  private final Set<String> refused = new HashSet<>();
  private final Map<String, Object> seen = new HashMap<>();
  private final Set<String> texts = new HashSet<>();
  private final Set<String> claims = new HashSet<>();
  private final Map<String, Talk> talks = new HashMap<>();

  /// All that is said of one completion.
  private static final class Talk {
    @Nullable OfCompletion completion;
    final Map<String, Held> held = new HashMap<>();
    final List<OfFeedback> retractions = new ArrayList<>();
  }

  /// What one subject says of one kind.
  private record Held(OfFeedback feedback, State state) {
    enum State {
      WAITING,
      DONE,
      RETRACTED
    }

    Held to(State next) {
      return new Held(feedback, next);
    }
  }

  void accept(Event event) {
    switch (event) {
      case OfDocument document -> document(document);
      case OfDemonstration told -> {
        if (unseen(Topics.DEMONSTRATIONS.name(), told.id(), told)) {
          examples.add(
              Expected.example(
                  "sft", told.task(), "", told.subject(), told.prompt(), told.answer()));
        }
      }
      case OfCompletion completion -> completion(completion);
      case OfFeedback feedback -> feedback(feedback);
      case OfRubbish rubbish ->
          refused.add(Expected.refused("malformed_record", rubbish.topic(), rubbish.bytes()));
    }
  }

  /// All that could settle has settled.
  void settle() {
    for (Talk talk : talks.values()) {
      OfCompletion completion = talk.completion;
      if (completion != null) {
        talk.held.replaceAll(
            (place, held) -> {
              if (held.state() == Held.State.WAITING) {
                join(completion, held.feedback());
                return held.to(Held.State.DONE);
              }
              return held;
            });
      }
    }
  }

  /// Nothing more comes: what still waits is orphaned.
  Expected end() {
    settle();
    for (Talk talk : talks.values()) {
      talk.retractions.forEach(retraction -> refuse("orphaned_feedback", retraction));
      for (Held held : talk.held.values()) {
        if (held.state() == Held.State.WAITING) {
          refuse("orphaned_feedback", held.feedback());
        }
      }
    }
    return new Expected(documents, examples, refused);
  }

  /// Examples so far.
  int examples() {
    return examples.size();
  }

  int documents() {
    return documents.size();
  }

  private void document(OfDocument document) {
    if (unseen(Topics.DOCUMENTS.name(), document.id(), document)) {
      if (texts.add(document.key() + "\n" + document.text())) {
        documents.add(Expected.document(document.id(), document.key(), document.text()));
      } else {
        refused.add(Expected.refused("duplicate", Topics.DOCUMENTS.name(), document.id()));
      }
    }
  }

  private void completion(OfCompletion completion) {
    Talk talk = talks.computeIfAbsent(completion.id(), id -> new Talk());
    talk.completion = completion;
    if (completion.shadow()) {
      talk.held.values().forEach(held -> refuse("ineligible_completion", held.feedback()));
      talk.held.clear();
    }
  }

  private void feedback(OfFeedback feedback) {
    String id = feedback.id();
    if (id != null
        && !unseen(
            Topics.FEEDBACK.name(),
            id,
            List.of(feedback.completion(), feedback.subject(), feedback.statement()))) {
      return;
    }
    Talk talk = talks.computeIfAbsent(feedback.completion(), completion -> new Talk());
    OfCompletion completion = talk.completion;
    if (completion != null && completion.shadow()) {
      refuse("ineligible_completion", feedback);
    } else if (feedback.statement() instanceof Retracted retracted) {
      retraction(talk, feedback, retracted.feedback());
    } else {
      statement(talk, feedback);
    }
  }

  private void retraction(Talk talk, OfFeedback retraction, String target) {
    for (Map.Entry<String, Held> entry : talk.held.entrySet()) {
      OfFeedback told = entry.getValue().feedback();
      if (target.equals(told.id())) {
        if (told.subject().equals(retraction.subject())) {
          entry.setValue(entry.getValue().to(Held.State.RETRACTED));
        } else {
          refuse("foreign_retraction", retraction);
        }
        return;
      }
    }
    talk.retractions.add(retraction);
  }

  private void statement(Talk talk, OfFeedback told) {
    boolean retracted =
        talk.retractions.removeIf(
            r -> r.statement() instanceof Retracted(String target) && target.equals(told.id()));
    Held arrived = new Held(told, retracted ? Held.State.RETRACTED : Held.State.WAITING);
    talk.held.merge(
        told.subject() + "\n" + told.statement().kind(),
        arrived,
        (before, after) -> {
          if (told.at() < before.feedback().at()) {
            return before;
          }
          boolean unchanged =
              before.state() == Held.State.DONE
                  && after.state() == Held.State.WAITING
                  && before.feedback().statement().equals(told.statement());
          return unchanged ? after.to(Held.State.DONE) : after;
        });
  }

  private void join(OfCompletion completion, OfFeedback told) {
    String claim =
        switch (told.statement()) {
          case Rated rated -> completion.answer() + "\n" + (rated.value() >= 0.5);
          case Corrected(String text) -> text;
          case Preferred(String other, boolean better) -> other + "\n" + better;
          case Retracted retracted -> throw new IllegalStateException("a retraction never joins");
        };
    if (!claims.add(told.subject() + "\n" + completion.prompt() + "\n" + claim)) {
      refuse("duplicate_evidence", told);
      return;
    }
    Statement statement = told.statement();
    String served = completion.answer();
    switch (statement) {
      case Rated rated ->
          example("binary", completion, told, served, rated.value() >= 0.5 ? "good" : "bad");
      case Corrected(String text) -> {
        example("sft", completion, told, text);
        if (!text.equals(served)) {
          example("preference", completion, told, text, served);
        }
      }
      case Preferred(String other, boolean better) ->
          example("preference", completion, told, better ? other : served, better ? served : other);
      case Retracted retracted -> throw new IllegalStateException("a retraction never joins");
    }
  }

  private void example(String kind, OfCompletion of, OfFeedback told, String... answers) {
    examples.add(Expected.example(kind, of.task(), of.id(), told.subject(), of.prompt(), answers));
  }

  private boolean unseen(String topic, String id, Object content) {
    Object before = seen.putIfAbsent(topic + " " + id, content);
    if (before != null && !before.equals(content)) {
      refused.add(Expected.refused("conflicting_id", topic, id));
    }
    return before == null;
  }

  private void refuse(String reason, OfFeedback feedback) {
    refused.add(
        Expected.refused(
            reason,
            Topics.FEEDBACK.name(),
            Objects.requireNonNull(feedback.id(), "only feedback with an id may be refused")));
  }
}
