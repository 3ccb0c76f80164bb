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
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// Makes one wave of about a hundred events: all that can happen to documents, demonstrations and
/// feedback, in an order whose outcome hangs on no clock.
final class WaveMaker {
  private static final long START = Instant.parse("2025-11-01T00:00:00Z").toEpochMilli();
  private static final int DOCUMENTS = 18;
  private static final int DEMONSTRATIONS = 10;
  private static final int EARLY = 10;
  private static final int LATE = 14;
  private static final int SUBJECTS = 5_000;
  /// Where there is no long settling to wait for, orphans are in the first waves alone, so that
  /// nobody waits for them in the end.
  private static final int FIRST_WAVES = 5;

  private final Settings settings;
  private final int wave;
  private final SplittableRandom random;
  private final Words words;
  private int serial;

  private final List<Event> documents = new ArrayList<>();
  private final List<Event> demonstrations = new ArrayList<>();
  private final List<Event> early = new ArrayList<>();
  private final List<Event> earlyRevised = new ArrayList<>();
  private final List<Event> completions = new ArrayList<>();
  private final List<Event> late = new ArrayList<>();
  private final List<Event> documentsAgain = new ArrayList<>();
  private final List<Event> demonstrationsAgain = new ArrayList<>();
  private final List<Event> feedbackAgain = new ArrayList<>();
  private final List<Event> afterwards = new ArrayList<>();
  private final List<Event> lastWords = new ArrayList<>();

  WaveMaker(Settings settings, int wave) {
    this.settings = settings;
    this.wave = wave;
    this.random = new SplittableRandom(settings.seed() * 1_000_003 + wave);
    this.words = new Words(random);
  }

  Wave make() {
    documents();
    demonstrations();
    for (int i = 0; i < EARLY; i++) {
      early(i);
    }
    for (int i = 0; i < LATE; i++) {
      late(i);
    }
    shadows();
    if (settings.lateRevisions() || wave < FIRST_WAVES) {
      orphans();
    }
    if (wave % 5 == 0) {
      completions.add(
          new OfRubbish(Topics.COMPLETIONS.name(), "rubbish", "no completion of wave " + wave));
    }
    return new Wave(
        List.of(
            step("documents", Step.Way.DOCUMENTS, documents),
            step("demonstrations", Step.Way.DEMONSTRATIONS, demonstrations),
            step("early", Step.Way.FEEDBACK, early),
            step("early-revised", Step.Way.FEEDBACK, earlyRevised),
            step("completions", Step.Way.KAFKA, completions),
            step("late", Step.Way.FEEDBACK, late),
            step("documents-again", Step.Way.DOCUMENTS, documentsAgain),
            step("demonstrations-again", Step.Way.DEMONSTRATIONS, demonstrationsAgain),
            step("feedback-again", Step.Way.FEEDBACK, feedbackAgain)),
        List.of(
            step("afterwards", Step.Way.FEEDBACK, afterwards),
            step("last-words", Step.Way.FEEDBACK, lastWords)));
  }

  private void documents() {
    for (int i = 0; i < DOCUMENTS; i++) {
      String name = "d-%d-%d".formatted(wave, i);
      documents.add(new OfDocument(name, "key-" + name, words.text(3 + random.nextInt(4))));
    }
    OfDocument repeated = (OfDocument) documents.get(0);
    OfDocument copied = (OfDocument) documents.get(1);
    OfDocument renamed = (OfDocument) documents.get(2);
    documentsAgain.add(repeated);
    documentsAgain.add(new OfDocument(copied.id() + "-copy", copied.key(), copied.text()));
    documentsAgain.add(new OfDocument(renamed.id(), renamed.key(), words.text(3)));
    documentsAgain.add(new OfDocument(renamed.id() + "-new", renamed.key(), words.text(3)));
  }

  private void demonstrations() {
    for (int i = 0; i < DEMONSTRATIONS; i++) {
      demonstrations.add(
          new OfDemonstration(
              "x-%d-%d".formatted(wave, i), task(), subject(), question(), words.sentence()));
    }
    demonstrationsAgain.add(demonstrations.get(0));
  }

  /// Feedback that is complete, revisions and all, before its completion is there.
  private void early(int number) {
    OfCompletion completion = completion("e", number, false);
    String subject = subject();
    Statement first = statement(number, completion);
    OfFeedback said = feedback("f-" + completion.id(), completion, subject, first, 1);
    switch (number % 5) {
      case 0 -> early.add(said);
      case 1 -> {
        early.add(said);
        earlyRevised.add(
            feedback("g-" + completion.id(), completion, subject, revised(first, completion), 2));
      }
      case 2 -> {
        early.add(said);
        earlyRevised.add(retraction(completion, subject, said, 2));
      }
      case 3 -> {
        // The later one first.
        early.add(
            feedback("g-" + completion.id(), completion, subject, revised(first, completion), 2));
        earlyRevised.add(said);
      }
      default -> {
        early.add(retraction(completion, subject, said, 2));
        earlyRevised.add(said);
      }
    }
  }

  /// Feedback on a completion that is there.
  private void late(int number) {
    OfCompletion completion = completion("l", number, false);
    String subject = subject();
    Statement first = statement(number, completion);
    OfFeedback said = feedback("f-" + completion.id(), completion, subject, first, 1);
    late.add(number % 7 == 6 ? feedback(null, completion, subject, first, 1) : said);
    // What is revised or taken back before it comes needs no time to settle.
    List<Event> revisions = settings.lateRevisions() ? late : early;
    switch (number % 7) {
      case 0 -> {
        revisions.add(
            feedback("g-" + completion.id(), completion, subject, revised(first, completion), 2));
        // What was superseded comes again.
        feedbackAgain.add(said);
      }
      case 1 -> {
        revisions.add(retraction(completion, subject, said, 2));
        afterwards.add(
            feedback("h-" + completion.id(), completion, subject, revised(first, completion), 3));
      }
      case 2 -> {
        feedbackAgain.add(feedback(said.id(), completion, subject, revised(first, completion), 2));
        afterwards.add(
            feedback("h-" + completion.id(), completion, subject, revised(first, completion), 3));
      }
      case 3 -> {
        feedbackAgain.add(retraction(completion, other(subject), said, 2));
        afterwards.add(feedback("h-" + completion.id(), completion, subject, first, 3));
      }
      case 4 -> {
        afterwards.add(said);
        afterwards.add(retraction(completion, subject, said, 2));
        lastWords.add(feedback("h-" + completion.id(), completion, subject, same(first), 3));
      }
      case 5 -> {
        // Others agree, at once and much later.
        late.add(feedback("g-" + completion.id(), completion, other(subject), first, 2));
        afterwards.add(
            feedback("h-" + completion.id(), completion, other(other(subject)), first, 3));
      }
      default -> {}
    }
  }

  private void shadows() {
    OfCompletion before = completion("s", 0, true);
    OfCompletion behind = completion("s", 1, true);
    early.add(feedback("f-" + before.id(), before, subject(), new Rated(1), 1));
    late.add(feedback("f-" + behind.id(), behind, subject(), new Rated(0), 1));
  }

  private void orphans() {
    String never = "o-" + wave;
    if (wave % 2 == 0) {
      early.add(new OfFeedback("f-" + never, never, subject(), new Rated(1), time(1)));
    } else {
      early.add(new OfFeedback("f-" + never, never, subject(), new Retracted("nobody"), time(1)));
    }
  }

  private OfCompletion completion(String letter, int number, boolean shadow) {
    OfCompletion completion =
        new OfCompletion(
            "c-%d-%s%d".formatted(wave, letter, number),
            task(),
            question(),
            words.sentence(),
            shadow);
    completions.add(completion);
    return completion;
  }

  private Statement statement(int number, OfCompletion completion) {
    return switch ((number + wave) % 3 + (random.nextInt(10) == 0 ? 10 : 0)) {
      case 0 -> new Rated(random.nextBoolean() ? 1 : 0.25);
      case 1 -> new Corrected(words.sentence());
      case 2 -> new Preferred(words.sentence(), random.nextBoolean());
      // Confirms what was served.
      default -> new Corrected(completion.answer());
    };
  }

  /// The subject changes its mind.
  private Statement revised(Statement statement, OfCompletion completion) {
    return switch (statement) {
      case Rated rated -> new Rated(1 - rated.value());
      case Corrected corrected -> new Corrected(completion.answer() + " " + words.sentence());
      case Preferred preferred -> new Preferred(preferred.other(), !preferred.otherIsBetter());
      case Retracted retracted -> retracted;
    };
  }

  /// The same in other words, where there are any: its claim was made before.
  private static Statement same(Statement statement) {
    return statement instanceof Rated rated
        ? new Rated(rated.value() < 0.5 ? rated.value() / 2 : rated.value() - 0.125)
        : statement;
  }

  private OfFeedback retraction(OfCompletion completion, String subject, OfFeedback of, int after) {
    return feedback(
        "r-%s-%d".formatted(completion.id(), serial++),
        completion,
        subject,
        new Retracted(String.valueOf(of.id())),
        after);
  }

  private OfFeedback feedback(
      @Nullable String id, OfCompletion of, String subject, Statement statement, int after) {
    return new OfFeedback(id, of.id(), subject, statement, time(after));
  }

  private long time(int after) {
    return START + wave * 1_000L + after;
  }

  private String question() {
    return words.question(wave * 100L + serial++);
  }

  private String task() {
    return "task-" + random.nextInt(3);
  }

  private String subject() {
    return "s-" + random.nextInt(SUBJECTS);
  }

  private static String other(String subject) {
    return subject + "x";
  }

  private Step step(String name, Step.Way way, List<Event> events) {
    return new Step("wave-%d-%s".formatted(wave, name), way, events);
  }
}
