package dev.tidemill.curator.guard;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/// What subjects lately said of the answers to one prompt: ratings, corrections and preferences
/// together, because each calls some answer good and another bad.
///
/// @param all the latest of each subject, oldest first
public record Ballots(List<Ballot> all) {
  public static final Ballots NONE = new Ballots(List.of());

  /// Most kept for one prompt; the oldest are forgotten first.
  static final int MOST = 64;

  /// Most witnesses named in a change.
  private static final int WITNESSES = 8;

  public Ballots {
    all = List.copyOf(all);
  }

  /// A change of what others say of a subject.
  ///
  /// @param agreed examples borne out more than before
  /// @param disagreed examples contradicted more than before
  /// @param witnesses hashes of some that bear it out
  /// @param at when the subject's ballot came, in milliseconds
  public record Change(
      String subject, double agreed, double disagreed, List<Integer> witnesses, long at) {}

  /// What one more ballot leads to.
  ///
  /// @param state the ballots with it
  /// @param weight of its evidence: 1, or the share of the voices that agree when more contradict
  /// @param changes in what others say of this subject and of those that came before
  public record Result(Ballots state, double weight, List<Change> changes) {}

  /// The result of one more ballot, those from before `since` forgotten.
  public Result with(Ballot cast, long since) {
    List<Ballot> kept = new ArrayList<>(all.size() + 1);
    Ballot last = cast;
    for (Ballot old : all) {
      boolean same = old.subject().equals(cast.subject()) && cast.stance().replaces(old.stance());
      if (same && old.stance().equals(cast.stance())) {
        // Said again, it is still one ballot, and was credited once.
        last = cast.judged(old.verdict());
      }
      if (old.at() >= since && !same) {
        kept.add(old);
      }
    }
    kept.add(last);
    List<Ballot> next = kept.subList(Math.max(0, kept.size() - MOST), kept.size());
    Tally tally = new Tally(next);
    List<Ballot> judged = new ArrayList<>(next.size());
    List<Change> changes = new ArrayList<>();
    for (Ballot ballot : next) {
      Tally.Count count = tally.count(ballot);
      Ballot.Verdict verdict = count.verdict(ballot.voice());
      if (verdict != Ballot.Verdict.OPEN && verdict != ballot.verdict()) {
        changes.add(change(ballot, verdict, count));
        judged.add(ballot.judged(verdict));
      } else {
        judged.add(ballot);
      }
    }
    return new Result(new Ballots(judged), tally.count(last).weight(last.voice()), changes);
  }

  /// The same without the ballots of those subjects.
  public Ballots without(Predicate<String> subjects) {
    return new Ballots(all.stream().filter(ballot -> !subjects.test(ballot.subject())).toList());
  }

  private static Change change(Ballot ballot, Ballot.Verdict now, Tally.Count count) {
    return new Change(
        ballot.subject(),
        ballot.examples() * difference(ballot.verdict(), now, Ballot.Verdict.AGREED),
        ballot.examples() * difference(ballot.verdict(), now, Ballot.Verdict.DISAGREED),
        now == Ballot.Verdict.AGREED ? count.witnesses(WITNESSES) : List.of(),
        ballot.at());
  }

  private static int difference(Ballot.Verdict before, Ballot.Verdict now, Ballot.Verdict which) {
    return (now == which ? 1 : 0) - (before == which ? 1 : 0);
  }
}
