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
/// @param subjects by id of the example
/// @param dampings how often each damping is noted on an example
/// @param reasons of the dead letters
record Outcome(
    Map<String, Double> weights,
    Map<String, String> subjects,
    Map<String, Integer> dampings,
    Map<String, Integer> reasons) {

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
      next.send(bench, next.subject() + "/" + counts.merge(next.subject(), 1, Integer::sum));
    }
    bench.settle();
    Map<String, Double> weights = new HashMap<>();
    Map<String, String> subjects = new HashMap<>();
    Map<String, Integer> dampings = new TreeMap<>();
    for (Example example : bench.examples()) {
      weights.put(example.getId(), example.getWeight());
      subjects.put(example.getId(), String.valueOf(example.getSubject()));
      example.getDamping().forEach(damping -> dampings.merge(damping, 1, Integer::sum));
    }
    Map<String, Integer> reasons = new TreeMap<>();
    bench.reasons().forEach(reason -> reasons.merge(reason, 1, Integer::sum));
    return new Outcome(weights, subjects, dampings, reasons);
  }

  /// Weight of all examples of the liars, or of all others.
  double weight(boolean liars) {
    return weights.entrySet().stream()
        .filter(e -> subjects.getOrDefault(e.getKey(), "").startsWith(Attack.LIAR) == liars)
        .mapToDouble(Map.Entry::getValue)
        .sum();
  }

  /// What the honest keep of the weight that they had in another run.
  double kept(Outcome before) {
    return weight(false) / before.weight(false);
  }

  /// The liars' share of all the weight.
  double liarsShare() {
    return weight(true) / (weight(true) + weight(false));
  }
}
