package dev.tidemill.benchmarks.scenario.crash;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// How what is there stands to what must be there.
///
/// @param lost what is missing
/// @param duplicated what is there more than once
/// @param differing what is there and should not be
public record Verdict(List<String> lost, List<String> duplicated, List<String> differing) {

  public Verdict {
    lost = List.copyOf(lost);
    duplicated = List.copyOf(duplicated);
    differing = List.copyOf(differing);
  }

  /// Against the model.
  static Verdict of(Outcome outcome, Expected expected) {
    List<String> lost = new ArrayList<>();
    List<String> differing = new ArrayList<>();
    compare("document", expected.documents(), outcome.documents(), lost, differing);
    compare("example", expected.examples(), outcome.examples(), lost, differing);
    compare("refusal", expected.refused(), outcome.refused(), lost, differing);
    return new Verdict(lost, outcome.repeated(), differing);
  }

  /// Ids whose place or content is not the same in both, or that are in one alone.
  static List<String> between(Outcome one, Outcome other) {
    List<String> differing = new ArrayList<>();
    Map<String, String> all = new TreeMap<>(one.byId());
    all.putAll(other.byId());
    for (String id : all.keySet()) {
      String here = one.byId().getOrDefault(id, "nothing");
      String there = other.byId().getOrDefault(id, "nothing");
      if (!here.equals(there)) {
        differing.add("%s: %s here, %s there".formatted(id, here, there));
      }
    }
    compare("refusal", one.refused(), other.refused(), differing, differing);
    return differing;
  }

  private static void compare(
      String what, Set<String> wanted, Set<String> got, List<String> lost, List<String> more) {
    wanted.stream().filter(w -> !got.contains(w)).map(w -> what + " " + w).forEach(lost::add);
    got.stream().filter(g -> !wanted.contains(g)).map(g -> what + " " + g).forEach(more::add);
  }
}
