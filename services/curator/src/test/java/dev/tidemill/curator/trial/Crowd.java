package dev.tidemill.curator.trial;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;

/// Honest subjects and what they say, the same for the same seed.
///
/// Activity is heavy-tailed. Four pieces in five speak of 150 questions, some popular and many
/// seldom asked; the rest of questions that nobody else asks. Half of the answers served are
/// right. One piece in twenty is a mistake.
public final class Crowd {
  private static final int QUESTIONS = 150;
  private static final double MISTAKES = 0.05;
  private static final double ALONE = 0.2;

  private final Random random;
  private final int subjects;
  private final Tail tail;

  public Crowd(long seed, int subjects, Tail tail) {
    this.random = new Random(seed);
    this.subjects = subjects;
    this.tail = tail;
  }

  /// A popular question: short and long answers, some of which other questions share.
  static String question(int number) {
    return "what is the default of setting." + number + "?";
  }

  static String right(int number) {
    return switch (number % 4) {
      case 0 -> "true";
      case 1 -> String.valueOf(1_000 + number % 7);
      case 2 -> "the setting " + number + " is off unless a producer turns it on by hand";
      default -> "value-" + number;
    };
  }

  static String wrong(int number) {
    return switch (number % 4) {
      case 0 -> "false";
      case 1 -> "0";
      case 2 -> "the setting " + number + " has no default";
      default -> "none-" + number;
    };
  }

  /// What all of them say from `from` until `until`, in order of time.
  public List<Said> say(Duration from, Duration until) {
    return say("honest-", from, until);
  }

  /// The same of subjects with names that begin so.
  List<Said> say(String prefix, Duration from, Duration until) {
    List<Said> said = new ArrayList<>();
    for (int subject = 0; subject < subjects; subject++) {
      int pieces = tail.pieces(random);
      for (int i = 0; i < pieces; i++) {
        said.add(piece(prefix + subject, at(from, until), i));
      }
    }
    said.sort(Comparator.comparing(Said::at));
    return said;
  }

  /// A popular question, the first ones more often.
  private int popular() {
    return (int) (QUESTIONS * Math.pow(random.nextDouble(), 2));
  }

  private Duration at(Duration from, Duration until) {
    return Duration.ofMillis(random.nextLong(from.toMillis(), until.toMillis()));
  }

  /// The `own`-th piece of a subject.
  Said piece(String subject, Duration at, int own) {
    boolean mistaken = random.nextDouble() < MISTAKES;
    Said said = piece(subject, at, own, mistaken);
    return mistaken ? said.asMistake() : said;
  }

  private Said piece(String subject, Duration at, int own, boolean mistaken) {
    int number = popular();
    boolean alone = random.nextDouble() < ALONE;
    String question = alone ? "how does " + subject + " do " + own + "?" : question(number);
    String right = alone ? "like " + own : right(number);
    String wrong = alone ? "not " + own : wrong(number);
    boolean servedRight = random.nextBoolean();
    String served = servedRight ? right : wrong;
    double kind = random.nextDouble();
    if (kind < 0.15) {
      return Said.preference(
          at, subject, question, served, servedRight ? wrong : right, servedRight == mistaken);
    }
    if (!servedRight && kind < 0.75) {
      String text = mistaken ? wrong + " or so" : right;
      return Said.correction(at, subject, question, served, text);
    }
    return Said.rating(at, subject, question, served, servedRight != mistaken);
  }
}
