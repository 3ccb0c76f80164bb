package dev.tidemill.curator.trial;

import dev.tidemill.events.Example;
import java.util.Map;
import java.util.TreeMap;

/// The training weight that came of a stream of feedback.
///
/// @param honest of each subject that took no part in an attack
/// @param mistakes of what was said by mistake, which is in `honest` too
/// @param truths of what liars said honestly
/// @param lies of the attack
/// @param dampings how often each damping is noted on an example
public record Outcome(
    Map<String, Double> honest,
    double mistakes,
    double truths,
    double lies,
    Map<String, Integer> dampings) {
  private static final String LIE = "lie";
  private static final String TRUTH = "truth";
  private static final String HONEST = "honest";
  private static final String MISTAKE = "mistake";

  /// Id of the completion that a piece speaks of, by which its examples are known.
  ///
  /// @param number of the piece
  public static String id(Said said, int number) {
    String meant = said.kind() == Said.Kind.MISTAKE ? MISTAKE : HONEST;
    String kind =
        said.kind() == Said.Kind.LIE ? LIE : said.subject().startsWith(Attack.LIAR) ? TRUTH : meant;
    return kind + "/" + said.subject() + "/" + number;
  }

  /// What these examples come to.
  public static Outcome of(Iterable<Example> examples) {
    Map<String, Double> honest = new TreeMap<>();
    double mistakes = 0;
    double truths = 0;
    double lies = 0;
    Map<String, Integer> dampings = new TreeMap<>();
    for (Example example : examples) {
      String[] id = String.valueOf(example.getCompletionId()).split("/", -1);
      switch (id[0]) {
        case LIE -> lies += example.getWeight();
        case TRUTH -> truths += example.getWeight();
        case MISTAKE -> {
          mistakes += example.getWeight();
          honest.merge(id[1], example.getWeight(), Double::sum);
        }
        case HONEST -> honest.merge(id[1], example.getWeight(), Double::sum);
        default -> throw new IllegalArgumentException("no piece has the id " + id[0]);
      }
      example.getDamping().forEach(damping -> dampings.merge(damping, 1, Integer::sum));
    }
    return new Outcome(honest, mistakes, truths, lies, dampings);
  }

  /// Weight of the honest together.
  public double honestWeight() {
    return honest.values().stream().mapToDouble(Double::doubleValue).sum();
  }

  /// What the honest keep of the weight that they had in another run.
  public double kept(Outcome before) {
    return honestWeight() / before.honestWeight();
  }

  /// What the honest keep of the weight of what they said rightly.
  public double soundKept(Outcome before) {
    return (honestWeight() - mistakes) / (before.honestWeight() - before.mistakes);
  }

  /// What the busiest tenth of the honest keeps; busy is who had much in the other run.
  public double busiestKept(Outcome before) {
    double had = 0;
    double has = 0;
    var busiest =
        before.honest.entrySet().stream()
            .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
            .limit(Math.max(1, before.honest.size() / 10))
            .toList();
    for (Map.Entry<String, Double> subject : busiest) {
      had += subject.getValue();
      has += honest.getOrDefault(subject.getKey(), 0.0);
    }
    return has / had;
  }

  /// The liars' share of all the weight, with what they said honestly.
  public double liarsShare() {
    return (lies + truths) / (lies + truths + honestWeight());
  }

  /// The lies' share of all the weight.
  public double liesShare() {
    return lies / (lies + truths + honestWeight());
  }
}
