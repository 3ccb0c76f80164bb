package dev.tidemill.benchmarks.scenario.serving;

import dev.tidemill.benchmarks.scenario.serving.Answer.End;
import dev.tidemill.events.Completion;
import dev.tidemill.events.ReleaseTarget;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Holds answers against what their releases say when they decode alone, and against their records.
public final class Judgement {
  private static final int SHOWN = 5;

  private final Map<String, ReleaseTarget> releases;
  private final Map<String, Map<String, String>> alone;
  private long failed;
  private long mixed;
  private long wrong;
  private final List<String> examples = new ArrayList<>();

  private Judgement(Map<String, ReleaseTarget> releases, Map<String, Map<String, String>> alone) {
    this.releases = releases;
    this.alone = alone;
  }

  /// Judges answers.
  ///
  /// @param targets every release that may have answered
  /// @param tokens longest answer that was asked for
  public static Judgement of(
      Collection<Answer> answers,
      Collection<ReleaseTarget> targets,
      Releases releases,
      int tokens) {
    Map<String, ReleaseTarget> byId = new HashMap<>();
    targets.forEach(target -> byId.put(target.getRelease(), target));
    Map<ReleaseTarget, Set<String>> asked = new LinkedHashMap<>();
    for (Answer answer : answers) {
      ReleaseTarget target = byId.get(answer.release());
      if (target != null) {
        asked.computeIfAbsent(target, key -> new LinkedHashSet<>()).add(answer.question());
      }
    }
    Judgement judgement = new Judgement(byId, releases.answers(asked, tokens));
    answers.forEach(judgement::judge);
    return judgement;
  }

  /// Requests without the answer that they should have had.
  public long failed() {
    return failed;
  }

  /// Answers that named more than one release.
  public long mixed() {
    return mixed;
  }

  /// Answers that are not what their release says alone.
  public long wrong() {
    return wrong;
  }

  /// A few of what went wrong, in words.
  public List<String> examples() {
    return examples;
  }

  /// Releases that answered.
  public int answering() {
    return alone.size();
  }

  /// Of the releases that answered, those whose answers to all their questions are some other's,
  /// too: a wrong release could hide behind them.
  public long alike() {
    Map<Map<String, String>, Integer> times = new HashMap<>();
    alone.values().forEach(answers -> times.merge(answers, 1, Integer::sum));
    return alone.values().stream().filter(answers -> times.getOrDefault(answers, 0) > 1).count();
  }

  /// Answers whose completion record is missing, is there twice, or says something else.
  public long misrecorded(Collection<Answer> answers, Collection<Completion> completions) {
    Map<String, Completion> byId = new HashMap<>();
    long wrongly = 0;
    for (Completion completion : completions) {
      wrongly += byId.put(completion.getId(), completion) == null ? 0 : 1;
    }
    for (Answer answer : answers) {
      if (answer.status() != 200 || answer.id().isEmpty()) {
        continue;
      }
      Completion record = byId.get(answer.id());
      boolean right =
          record != null
              && record.getRelease().equals(answer.release())
              && (answer.end() == End.DONE
                  ? record.getAnswer().equals(answer.text())
                  : record.getAnswer().startsWith(answer.text()));
      if (!right) {
        wrongly++;
        note("completion " + answer.id() + " is recorded as " + record);
      }
    }
    return wrongly;
  }

  private void judge(Answer answer) {
    if (answer.end() == End.REFUSED || answer.end() == End.BROKEN) {
      failed++;
      note(answer.model() + " answered " + answer.status() + ": " + answer.failure());
      return;
    }
    if (answer.mixed()) {
      mixed++;
      note("completion " + answer.id() + " names several releases");
    }
    ReleaseTarget target = releases.get(answer.release());
    if (target == null || !answer.release().startsWith(answer.model() + "@")) {
      wrong++;
      note(answer.model() + " was answered by " + answer.release());
      return;
    }
    String right = alone.getOrDefault(answer.release(), Map.of()).get(answer.question());
    boolean same =
        right != null
            && (answer.end() == End.DONE
                ? right.equals(answer.text())
                : right.startsWith(answer.text()));
    if (!same) {
      wrong++;
      note(
          "%s says '%s' to '%s', and alone '%s'"
              .formatted(answer.release(), answer.text(), answer.question(), right));
    }
  }

  private void note(String what) {
    if (examples.size() < SHOWN) {
      examples.add(what);
    }
  }
}
