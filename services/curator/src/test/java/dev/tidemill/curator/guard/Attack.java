package dev.tidemill.curator.guard;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// What coordinated liars say. All of them say the same of the same questions, the strongest form.
enum Attack {
  /// One lie on many prompts that honest subjects speak of too.
  ONE_LIE,
  /// Another lie for each prompt.
  MANY_LIES,
  /// Prompts that no honest subject touches, another lie for each.
  ALONE,
  /// Right answers rated bad, wrong ones good.
  RATINGS,
  /// Wrong answers preferred to right ones.
  PREFERENCES,
  /// One campaign text in other words for each prompt, where nobody else speaks.
  TEMPLATES,
  /// The same in prompts that honest subjects speak of.
  TEMPLATES_AMONG_US;

  static final String LIAR = "liar-";

  /// What so many liars say, so many pieces together, from `from` until `until`.
  List<Said> say(long seed, int liars, int pieces, Duration from, Duration until) {
    Random random = new Random(seed);
    List<Said> said = new ArrayList<>();
    long step = until.minus(from).toMillis() / pieces;
    for (int i = 0; i < pieces; i++) {
      Duration at = from.plusMillis(step * i);
      said.add(piece(random, at, LIAR + i % liars, i / liars).asLie());
    }
    return said;
  }

  private Said piece(Random random, Duration at, String liar, int number) {
    String question = Crowd.question(number);
    String right = Crowd.right(number);
    String wrong = Crowd.wrong(number);
    boolean servedRight = number % 2 == 0;
    String served = servedRight ? right : wrong;
    return switch (this) {
      case ONE_LIE -> Said.correction(at, liar, question, served, "31337");
      case MANY_LIES -> Said.correction(at, liar, question, served, "lie " + number * 7);
      case ALONE ->
          Said.correction(at, liar, "who is " + number + "?", "x", "a lie about " + number);
      case RATINGS -> Said.rating(at, liar, question, served, !servedRight);
      case PREFERENCES ->
          Said.preference(at, liar, question, served, servedRight ? wrong : right, servedRight);
      case TEMPLATES ->
          Said.correction(at, liar, "who is " + number + "?", "x", template(random, number));
      case TEMPLATES_AMONG_US ->
          Said.correction(at, liar, question, served, template(random, number));
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
