package dev.tidemill.curator.domain;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/// Which subjects lately gave which correction for one key. A correction counts by the share of
/// distinct subjects behind it when more of them say otherwise: a subject that repeats itself
/// gains nothing.
///
/// @param voices the latest claim of each subject, oldest first
public record Agreement(List<Voice> voices) {
  public static final Agreement NONE = new Agreement(List.of());

  /// Most subjects remembered for one key; the oldest are forgotten first.
  static final int MOST = 256;

  /// What one subject says.
  ///
  /// @param subject who
  /// @param claim digest of the correction
  /// @param at when it came, in milliseconds
  public record Voice(String subject, String claim, long at) {}

  public Agreement {
    voices = List.copyOf(voices);
  }

  /// The state after this voice, those from before `since` forgotten.
  public Agreement with(Voice voice, long since) {
    List<Voice> next = new ArrayList<>();
    for (Voice old : voices) {
      if (old.at() >= since && !old.subject().equals(voice.subject())) {
        next.add(old);
      }
    }
    next.add(voice);
    return new Agreement(next.subList(Math.max(0, next.size() - MOST), next.size()));
  }

  /// The same without the voices of those subjects.
  public Agreement without(Predicate<String> subjects) {
    return new Agreement(voices.stream().filter(voice -> !subjects.test(voice.subject())).toList());
  }

  /// Weight of a claim: 1 unless some other claim has more subjects, else its share of all.
  public double weight(String claim) {
    Map<String, Set<String>> subjects = new HashMap<>();
    for (Voice voice : voices) {
      subjects.computeIfAbsent(voice.claim(), c -> new HashSet<>()).add(voice.subject());
    }
    int mine = subjects.getOrDefault(claim, Set.of()).size();
    int strongest = subjects.values().stream().mapToInt(Set::size).max().orElse(0);
    return strongest <= mine ? 1 : (double) mine / voices.size();
  }
}
