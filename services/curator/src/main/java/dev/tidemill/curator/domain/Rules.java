package dev.tidemill.curator.domain;

import dev.tidemill.curator.text.QualityRule.Breach;
import dev.tidemill.curator.text.Screening;
import dev.tidemill.events.Completion;
import dev.tidemill.events.Correction;
import dev.tidemill.events.Demonstration;
import dev.tidemill.events.Document;
import dev.tidemill.events.Feedback;
import dev.tidemill.events.Message;
import dev.tidemill.events.Preference;
import dev.tidemill.events.Rating;
import dev.tidemill.events.Retraction;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a raw record must be like on its own, before anything else is known. Accepted records come
/// back with their texts normalised and placeholders in the places of personal data.
public final class Rules {
  private static final Instant EARLIEST = Instant.EPOCH;
  private static final Instant LATEST = Instant.parse("2200-01-01T00:00:00Z");
  private static final Set<String> ROLES = Set.of("system", "user", "assistant");

  private final Limits limits;
  private final Screening screening;

  public Rules(Limits limits, Screening screening) {
    this.limits = limits;
    this.screening = screening;
  }

  /// A document with normalised text.
  public Verdict<Document> document(Raw raw, Document document) {
    return verdict(
        () -> {
          name("id", document.getId());
          name("key", document.getKey());
          keyed(raw, "key", document.getKey());
          name("producer", document.getProducer());
          time(document.getEventTime());
          optionalName("subject", document.getSubject());
          origin(document);
          String text = text("text", document.getText(), limits.maxDocument());
          if (text.length() < limits.minDocument()) {
            throw refused(
                Reason.TEXT_TOO_SHORT,
                "text",
                "text has %d characters, the least is %d: %s"
                    .formatted(text.length(), limits.minDocument(), Refusal.show(text)));
          }
          quality(text, language(text));
          @Nullable String title = document.getTitle();
          return Document.newBuilder(document)
              .setTitle(title == null ? null : screening.withoutPii(title))
              .setText(screening.withoutPii(text))
              .build();
        });
  }

  /// A demonstration with normalised answer.
  public Verdict<Demonstration> demonstration(Raw raw, Demonstration demonstration) {
    return verdict(
        () -> {
          name("id", demonstration.getId());
          keyed(raw, "id", demonstration.getId());
          name("producer", demonstration.getProducer());
          time(demonstration.getEventTime());
          optionalName("subject", demonstration.getSubject());
          name("task", demonstration.getTask());
          prompt(demonstration.getPrompt());
          String answer = text("answer", demonstration.getAnswer(), limits.maxAnswer());
          return Demonstration.newBuilder(demonstration)
              .setPrompt(withoutPii(demonstration.getPrompt()))
              .setAnswer(screening.withoutPii(answer))
              .build();
        });
  }

  /// A completion, as it is.
  public Verdict<Completion> completion(Raw raw, Completion completion) {
    return verdict(
        () -> {
          name("id", completion.getId());
          keyed(raw, "id", completion.getId());
          name("task", completion.getTask());
          time(completion.getEventTime());
          return completion;
        });
  }

  /// A feedback with normalised texts.
  public Verdict<Feedback> feedback(Raw raw, Feedback feedback) {
    return verdict(
        () -> {
          name("id", feedback.getId());
          name("completion_id", feedback.getCompletionId());
          keyed(raw, "completion_id", feedback.getCompletionId());
          name("producer", feedback.getProducer());
          time(feedback.getEventTime());
          optionalName("subject", feedback.getSubject());
          return switch (feedback.getEvidence()) {
            case Rating rating -> rated(feedback, rating.getValue());
            case Correction c -> {
              String text = text("evidence.text", c.getText(), limits.maxAnswer());
              yield Feedback.newBuilder(feedback)
                  .setEvidence(new Correction(screening.withoutPii(text)))
                  .build();
            }
            case Preference p -> {
              String text = text("evidence.other_text", p.getOtherText(), limits.maxAnswer());
              yield Feedback.newBuilder(feedback)
                  .setEvidence(
                      Preference.newBuilder(p).setOtherText(screening.withoutPii(text)).build())
                  .build();
            }
            case Retraction r -> {
              name("evidence.feedback_id", r.getFeedbackId());
              yield feedback;
            }
            case Object other ->
                throw new IllegalStateException("the schema of Feedback knows no " + other);
          };
        });
  }

  /// The prompt, without personal data, if it can teach: turns of known roles, the last of them the
  /// user's.
  public Verdict<List<Message>> teachable(List<Message> prompt) {
    return verdict(
        () -> {
          prompt(prompt);
          return withoutPii(prompt);
        });
  }

  /// An answer that was served: normalised, and without personal data.
  public String served(String answer) {
    return screening.withoutPii(Texts.normalise(answer));
  }

  private List<Message> withoutPii(List<Message> prompt) {
    return prompt.stream()
        .map(turn -> new Message(turn.getRole(), screening.withoutPii(turn.getContent())))
        .toList();
  }

  private void origin(Document document) throws RefusedException {
    String source = document.getSource();
    Optional<String> againstSource = screening.againstSource(source);
    if (againstSource.isPresent()) {
      throw refused(
          Reason.SOURCE_NOT_ALLOWED,
          "source",
          "source %s %s".formatted(Refusal.show(source), againstSource.get()));
    }
    @Nullable String licence = document.getLicence();
    if (licence == null || licence.isBlank()) {
      if (screening.requiresLicence()) {
        throw refused(
            Reason.LICENCE_MISSING,
            "licence",
            "licence is missing, and curator.licences.require asks for one");
      }
      return;
    }
    Optional<String> againstLicence = screening.againstLicence(licence);
    if (againstLicence.isPresent()) {
      throw refused(
          Reason.LICENCE_NOT_ALLOWED,
          "licence",
          "licence %s %s".formatted(Refusal.show(licence), againstLicence.get()));
    }
  }

  private @Nullable String language(String text) throws RefusedException {
    @Nullable String language = screening.language(text);
    Optional<String> against =
        language == null ? Optional.empty() : screening.againstLanguage(language);
    if (against.isPresent()) {
      throw refused(
          Reason.LANGUAGE_NOT_ALLOWED,
          "text",
          "the language of text, %s, %s: %s"
              .formatted(language, against.get(), Refusal.show(text)));
    }
    return language;
  }

  private void quality(String text, @Nullable String language) throws RefusedException {
    List<Breach> breaches = screening.quality(text, language);
    if (!breaches.isEmpty()) {
      Breach first = breaches.getFirst();
      throw refused(
          Reason.of(first.rule()), "text", "of text " + first.detail() + ": " + Refusal.show(text));
    }
  }

  private static Feedback rated(Feedback feedback, double value) throws RefusedException {
    if (!(value >= 0 && value <= 1)) {
      throw refused(
          Reason.RATING_OUT_OF_RANGE,
          "evidence.value",
          "evidence.value must be from 0 to 1, was " + value);
    }
    // The comment never trains, so it goes no further.
    return Feedback.newBuilder(feedback).setEvidence(new Rating(value, null)).build();
  }

  private void prompt(List<Message> prompt) throws RefusedException {
    if (prompt.isEmpty()) {
      throw refused(Reason.INVALID_PROMPT, "prompt", "prompt has no turn");
    }
    long length = 0;
    for (int i = 0; i < prompt.size(); i++) {
      Message turn = prompt.get(i);
      if (!ROLES.contains(turn.getRole())) {
        throw refused(
            Reason.INVALID_PROMPT,
            "prompt",
            "prompt[%d].role must be system, user or assistant, was %s"
                .formatted(i, Refusal.show(turn.getRole())));
      }
      length += turn.getContent().length();
    }
    Message last = prompt.getLast();
    if (!last.getRole().equals("user")) {
      throw refused(
          Reason.INVALID_PROMPT,
          "prompt",
          "the last turn of prompt must be the user's, was of role " + last.getRole());
    }
    if (last.getContent().isBlank()) {
      throw refused(Reason.BLANK_TEXT, "prompt", "the last turn of prompt is blank");
    }
    if (length > limits.maxPrompt()) {
      throw refused(
          Reason.TEXT_TOO_LONG,
          "prompt",
          "prompt has %d characters, the most is %d".formatted(length, limits.maxPrompt()));
    }
  }

  private static String text(String field, String text, int most) throws RefusedException {
    String normal = Texts.normalise(text);
    if (normal.isBlank()) {
      throw refused(Reason.BLANK_TEXT, field, field + " is blank: " + Refusal.show(text));
    }
    if (normal.length() > most) {
      throw refused(
          Reason.TEXT_TOO_LONG,
          field,
          "%s has %d characters, the most is %d".formatted(field, normal.length(), most));
    }
    return normal;
  }

  // Ages of records are reckoned in nanoseconds, which reach 292 years.
  private static void time(Instant eventTime) throws RefusedException {
    if (eventTime.isBefore(EARLIEST) || !eventTime.isBefore(LATEST)) {
      throw refused(
          Reason.EVENT_TIME_OUT_OF_RANGE,
          "event_time",
          "event_time must be from %s to before %s, was %s".formatted(EARLIEST, LATEST, eventTime));
    }
  }

  private void optionalName(String field, @Nullable String value) throws RefusedException {
    if (value != null) {
      name(field, value);
    }
  }

  private void name(String field, String value) throws RefusedException {
    if (value.isBlank() || value.length() > limits.maxName()) {
      throw refused(
          Reason.INVALID_NAME,
          field,
          "%s must have 1 to %d characters and not be blank, was %s"
              .formatted(field, limits.maxName(), Refusal.show(value)));
    }
  }

  private static void keyed(Raw raw, String field, String value) throws RefusedException {
    ByteBuffer key = raw.key();
    if (key == null || !key.equals(ByteBuffer.wrap(value.getBytes(StandardCharsets.UTF_8)))) {
      String was = key == null ? "null" : StandardCharsets.UTF_8.decode(key.duplicate()).toString();
      throw refused(
          Reason.KEY_MISMATCH,
          field,
          "the record's key must be its %s %s, was %s"
              .formatted(field, Refusal.show(value), Refusal.show(was)));
    }
  }

  private static RefusedException refused(Reason reason, String field, String detail) {
    return new RefusedException(new Refusal(reason, field, detail));
  }

  private static <T> Verdict<T> verdict(Check<T> check) {
    try {
      return new Verdict.Accepted<>(check.run());
    } catch (RefusedException e) {
      return new Verdict.Refused<>(e.refusal());
    }
  }

  private interface Check<T> {
    T run() throws RefusedException;
  }
}
