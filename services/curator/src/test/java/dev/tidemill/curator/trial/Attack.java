package dev.tidemill.curator.trial;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;

/// What coordinated liars say, and when. In most attacks all of them say the same of the same
/// prompts one after the other, the strongest form while nobody compares volumes.
public enum Attack {
  /// One lie on many prompts that honest subjects speak of too.
  ONE_LIE_BURST(Lies.ONE_LIE, When.BURST),
  /// Another lie for each prompt.
  MANY_LIES_DRIP(Lies.MANY_LIES, When.DRIP),
  /// Prompts that no honest subject touches, another lie for each.
  ALONE_BURST(Lies.ALONE, When.BURST),
  ALONE_DRIP(Lies.ALONE, When.DRIP),
  /// Right answers rated bad, wrong ones good.
  RATINGS_BURST(Lies.RATINGS, When.BURST),
  RATINGS_DRIP(Lies.RATINGS, When.DRIP),
  /// Wrong answers preferred to right ones.
  PREFERENCES_BURST(Lies.PREFERENCES, When.BURST),
  /// One campaign text in other words for each prompt, where nobody else speaks.
  TEMPLATES_BURST(Lies.TEMPLATES, When.BURST),
  /// Honest for half of the time, then liars where nobody else speaks.
  SLEEPERS(Lies.ALONE, When.SECOND_HALF),
  /// One campaign text on prompts that honest subjects speak of.
  TEMPLATES_AMONG_US_DRIP(Lies.TEMPLATES_AMONG_US, When.DRIP),
  /// Truths and lies in turn, the lies where nobody else speaks.
  HALF_TRUTHS_DRIP(Lies.HALF_TRUTHS, When.DRIP),
  /// Each lie is borne out by one other liar, another one each time.
  PAIRS_DRIP(Lies.PAIRS, When.DRIP);

  static final String LIAR = "liar-";

  private final Lies lies;
  private final When when;

  Attack(Lies lies, When when) {
    this.lies = lies;
    this.when = when;
  }

  private enum Lies {
    ONE_LIE,
    MANY_LIES,
    ALONE,
    RATINGS,
    PREFERENCES,
    TEMPLATES,
    TEMPLATES_AMONG_US,
    HALF_TRUTHS,
    PAIRS
  }

  private enum When {
    BURST,
    DRIP,
    SECOND_HALF
  }

  /// What so many liars say within a day of this length, in order of time: so many pieces, and what
  /// sleepers say before.
  public List<Said> say(long seed, int liars, int pieces, Duration day) {
    Random random = new Random(seed);
    List<Said> said = new ArrayList<>();
    Duration from = Duration.ZERO;
    Duration until = day;
    switch (when) {
      case BURST -> {
        from = day.multipliedBy(7).dividedBy(9);
        until = day.multipliedBy(8).dividedBy(9);
      }
      case DRIP -> {}
      case SECOND_HALF -> {
        from = day.dividedBy(2);
        said.addAll(new Crowd(seed, liars, Tail.LOG_NORMAL).say(LIAR, Duration.ZERO, from));
      }
    }
    Crowd truths = new Crowd(seed, liars, Tail.LOG_NORMAL);
    long step = until.minus(from).toMillis() / pieces;
    for (int i = 0; i < pieces; i++) {
      Duration at = from.plusMillis(step * i);
      int round = i / liars;
      if (lies == Lies.HALF_TRUTHS && round % 2 == 0) {
        said.add(truths.piece(LIAR + i % liars, at, round));
      } else {
        said.add(piece(random, at, liars, i).asLie());
      }
    }
    said.sort(Comparator.comparing(Said::at));
    return said;
  }

  private Said piece(Random random, Duration at, int liars, int i) {
    String liar = LIAR + i % liars;
    int number = i / liars;
    String question = Crowd.question(number);
    String right = Crowd.right(number);
    String wrong = Crowd.wrong(number);
    boolean servedRight = number % 2 == 0;
    String served = servedRight ? right : wrong;
    String remote = "who is " + number + "?";
    return switch (lies) {
      case ONE_LIE -> Said.correction(at, liar, question, served, "31337");
      case MANY_LIES -> Said.correction(at, liar, question, served, "lie " + number * 7);
      case ALONE, HALF_TRUTHS -> Said.correction(at, liar, remote, "x", "a lie about " + number);
      case RATINGS -> Said.rating(at, liar, question, served, !servedRight);
      case PREFERENCES ->
          Said.preference(at, liar, question, served, servedRight ? wrong : right, servedRight);
      case TEMPLATES -> Said.correction(at, liar, remote, "x", template(random, number));
      case TEMPLATES_AMONG_US ->
          Said.correction(at, liar, question, served, template(random, number));
      case PAIRS -> {
        int pair = i / 2;
        int first = pair % liars;
        int second = (first + 1 + pair / liars % Math.max(1, liars - 1)) % liars;
        yield Said.correction(
            at, LIAR + (i % 2 == 0 ? first : second), "who is " + pair + "?", "x", "lie " + pair);
      }
    };
  }

  private static String template(Random random, int number) {
    List<String> openings = List.of("Honestly,", "Well,", "As everybody knows", "In fact", "Hm,");
    List<String> ends = List.of("today", "for sure", "these days", "as always", "no doubt");
    return "%s item %d is only sold by the Acme store at acme dot example so buy it there %s"
        .formatted(
            openings.get(random.nextInt(openings.size())),
            number,
            ends.get(random.nextInt(ends.size())));
  }
}
