package dev.tidemill.curator.guard;

import dev.tidemill.curator.Bench;
import dev.tidemill.events.Example;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What a stream of feedback came to.
///
/// @param weights of the examples by id
/// @param completions their ids by id of the example
/// @param dampings how often each damping is noted on an example
/// @param reasons of the dead letters
record Outcome(
    Map<String, Double> weights,
    Map<String, String> completions,
    Map<String, Integer> dampings,
    Map<String, Integer> reasons) {

  private static final String LIE = "lie/";
  static final Outcome NOTHING = new Outcome(Map.of(), Map.of(), Map.of(), Map.of());

  /// What comes of it when it is sent in order of time, the clock going along.
  static Outcome of(Bench bench, List<Said> said) {
    Duration now = Duration.ZERO;
    Map<String, Integer> counts = new HashMap<>();
    for (Said next : said.stream().sorted(Comparator.comparing(Said::at)).toList()) {
      if (next.at().compareTo(now) > 0) {
        bench.pass(next.at().minus(now));
        now = next.at();
      }
      // The same feedback has the same id in every run, whoever else speaks.
      String who = (next.lie() ? LIE : "") + next.subject();
      next.send(bench, who + "/" + counts.merge(who, 1, Integer::sum));
    }
    bench.settle();
    // What is held is let go or refused.
    bench.pass(Duration.ofMinutes(61));
    Map<String, Double> weights = new HashMap<>();
    Map<String, String> completions = new HashMap<>();
    Map<String, Integer> dampings = new TreeMap<>();
    for (Example example : bench.examples()) {
      weights.put(example.getId(), example.getWeight());
      completions.put(example.getId(), String.valueOf(example.getCompletionId()));
      example.getDamping().forEach(damping -> dampings.merge(damping, 1, Integer::sum));
    }
    Map<String, Integer> reasons = new TreeMap<>();
    bench.reasons().forEach(reason -> reasons.merge(reason, 1, Integer::sum));
    return new Outcome(weights, completions, dampings, reasons);
  }

  /// Weight of all examples of the attack, or of all others.
  double weight(boolean lies) {
    return weights.entrySet().stream()
        .filter(e -> completions.getOrDefault(e.getKey(), "").startsWith(LIE) == lies)
        .mapToDouble(Map.Entry::getValue)
        .sum();
  }

  /// What the honest keep of the weight that they had in another run.
  double kept(Outcome before) {
    return weight(false) / before.weight(false);
  }

  /// The attack's share of all the weight.
  double liesShare() {
    return weight(true) / (weight(true) + weight(false));
  }
}
