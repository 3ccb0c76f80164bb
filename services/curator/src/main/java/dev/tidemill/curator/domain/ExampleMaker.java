package dev.tidemill.curator.domain;

import dev.tidemill.events.Binary;
import dev.tidemill.events.Completion;
import dev.tidemill.events.Correction;
import dev.tidemill.events.Demonstration;
import dev.tidemill.events.Example;
import dev.tidemill.events.Feedback;
import dev.tidemill.events.Message;
import dev.tidemill.events.Preference;
import dev.tidemill.events.PreferencePair;
import dev.tidemill.events.Rating;
import dev.tidemill.events.Retraction;
import dev.tidemill.events.Sft;
import dev.tidemill.events.SourcePosition;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/// Makes examples of evidence. Ids and keys depend on nothing but the evidence, so the same
/// evidence always makes the same examples.
public final class ExampleMaker {
  /// A rating from here on calls the answer good.
  private static final double GOOD = 0.5;

  private final Rules rules;

  public ExampleMaker(Rules rules) {
    this.rules = rules;
  }

  /// Key of a prompt for a task: what the holdout split and the agreement of subjects go by.
  public static String key(String task, List<Message> prompt) {
    List<String> parts = new ArrayList<>();
    parts.add(task);
    for (Message turn : prompt) {
      parts.add(turn.getRole());
      parts.add(Texts.folded(turn.getContent()));
    }
    return Texts.hash(parts.toArray(String[]::new));
  }

  /// A demonstration teaches its answer.
  public Evidence of(Demonstration demonstration, Raw raw, Instant now) {
    String key = key(demonstration.getTask(), demonstration.getPrompt());
    Sft sft = new Sft(demonstration.getPrompt(), demonstration.getAnswer());
    Example example =
        Example.newBuilder()
            .setId(Texts.hash("sft", "demonstration", demonstration.getId(), key, sft.getAnswer()))
            .setKey(key)
            .setTask(demonstration.getTask())
            .setTraining(sft)
            .setWeight(1)
            .setDamping(List.of())
            .setProducer(demonstration.getProducer())
            .setSubject(demonstration.getSubject())
            .setOrigins(List.of(raw.source()))
            .setEventTime(demonstration.getEventTime())
            .setCuratedAt(now)
            .build();
    return new Evidence(
        EvidenceKind.DEMONSTRATION, raw, Texts.hash(sft.getAnswer()), List.of(example));
  }

  /// What a feedback on a completion teaches: a correction its text, and that it is better than
  /// what was served; a rating that the answer was good or bad; a preference the better of two.
  public Verdict<Evidence> of(
      Completion completion, SourcePosition completionSource, Feedback feedback, Raw raw) {
    return switch (rules.teachable(completion.getPrompt())) {
      case Verdict.Refused<List<Message>>(Refusal refusal) -> new Verdict.Refused<>(refusal);
      case Verdict.Accepted<List<Message>>(List<Message> prompt) ->
          new Draft(
                  completion,
                  completionSource,
                  feedback,
                  raw,
                  prompt,
                  rules.served(completion.getAnswer()))
              .evidence();
    };
  }

  private record Draft(
      Completion completion,
      SourcePosition completionSource,
      Feedback feedback,
      Raw raw,
      List<Message> prompt,
      String served) {

    Verdict<Evidence> evidence() {
      return switch (feedback.getEvidence()) {
        case Rating rating -> rated(rating.getValue() >= GOOD);
        case Correction correction -> corrected(correction.getText());
        case Preference preference -> preferred(preference);
        case Retraction retraction ->
            throw new IllegalStateException("a retraction makes no example");
        case Object other ->
            throw new IllegalStateException("the schema of Feedback knows no " + other);
      };
    }

    private Verdict<Evidence> rated(boolean good) {
      if (served.isBlank()) {
        return refused(Reason.BLANK_TEXT, "answer", "the rated answer is blank");
      }
      String verdict = good ? "good" : "bad";
      return accepted(
          EvidenceKind.RATING,
          Texts.hash(served, verdict),
          List.of(example("binary", new Binary(prompt, served, good), served, verdict)));
    }

    private Verdict<Evidence> corrected(String better) {
      List<Example> examples = new ArrayList<>();
      examples.add(example("sft", new Sft(prompt, better), better));
      // A correction that confirms the answer, or a blank answer, leaves no pair to compare.
      if (!served.equals(better) && !served.isBlank()) {
        examples.add(pair(better, served));
      }
      return accepted(EvidenceKind.CORRECTION, Texts.hash(Texts.folded(better)), examples);
    }

    private Verdict<Evidence> preferred(Preference preference) {
      String other = preference.getOtherText();
      if (served.equals(other)) {
        return refused(
            Reason.EQUAL_ANSWERS,
            "evidence.other_text",
            "evidence.other_text equals the answer served: " + Refusal.show(other));
      }
      if (served.isBlank()) {
        return refused(Reason.BLANK_TEXT, "answer", "the answer compared is blank");
      }
      String chosen = preference.getOtherIsBetter() ? other : served;
      String rejected = preference.getOtherIsBetter() ? served : other;
      return accepted(
          EvidenceKind.PREFERENCE, Texts.hash(chosen, rejected), List.of(pair(chosen, rejected)));
    }

    private Example pair(String chosen, String rejected) {
      return example("preference", new PreferencePair(prompt, chosen, rejected), chosen, rejected);
    }

    private Example example(String kind, Object training, String... content) {
      String key = key(completion.getTask(), prompt);
      String subject = Evidence.subjectKey(feedback.getProducer(), feedback.getSubject());
      return Example.newBuilder()
          .setId(Texts.hash(kind, key, completion.getId(), subject, Texts.hash(content)))
          .setKey(key)
          .setTask(completion.getTask())
          .setTraining(training)
          .setWeight(1)
          .setDamping(List.of())
          .setProducer(feedback.getProducer())
          .setSubject(feedback.getSubject())
          .setCompletionId(completion.getId())
          .setCompletionSubject(completion.getSubject())
          .setCompletionTime(completion.getEventTime())
          .setRelease(completion.getRelease())
          .setOrigins(List.of(completionSource, raw.source()))
          .setEventTime(feedback.getEventTime())
          // The publisher sets it anew; Avro wants every field.
          .setCuratedAt(feedback.getEventTime())
          .build();
    }

    private Verdict<Evidence> accepted(EvidenceKind kind, String claim, List<Example> examples) {
      return new Verdict.Accepted<>(new Evidence(kind, raw, claim, examples));
    }

    private static Verdict<Evidence> refused(Reason reason, String field, String detail) {
      return new Verdict.Refused<>(new Refusal(reason, field, detail));
    }
  }

  /// What kind of training an example is, as metrics and keys carry it.
  public static String kind(Example example) {
    return switch (example.getTraining()) {
      case Sft s -> "sft";
      case PreferencePair p -> "preference";
      case Binary b -> "binary";
      case Object other ->
          throw new IllegalStateException("the schema of Example knows no " + other.getClass());
    };
  }
}
