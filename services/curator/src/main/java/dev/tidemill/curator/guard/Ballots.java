package dev.tidemill.curator.guard;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Predicate;

/// What subjects lately said of the answers to one prompt: ratings, corrections and preferences
/// together, because each calls some answer good and another bad.
///
/// Who bears out a piece is told soon, so that standings know who keeps company with whom; then, to
/// judge it, when it has been heard for as long as feedback is held, and for twice and three times
/// as long if it still waits, or if nobody bore it out before.
///
/// @param all the latest of each subject, oldest first
/// @param group how many subjects that nobody knows may all be one group, and count as one
public record Ballots(List<Ballot> all, int group) {
  public static final Ballots NONE = new Ballots(List.of(), 0);

  /// Most kept for one prompt; the oldest are forgotten first.
  static final int MOST = 64;

  public Ballots {
    all = List.copyOf(all);
  }

  /// What a subject's standing is told.
  ///
  /// @param agreed examples borne out more than before
  /// @param disagreed examples contradicted more than before
  /// @param piece of which the witnesses speak
  /// @param witnesses hashes of those that bear it out
  /// @param told how many of them, the first ones, were told before
  /// @param due whether the piece is to be judged by them
  /// @param last whether nothing more will be told of the piece
  /// @param at when the subject's ballot came, in milliseconds
  public record Change(
      String subject,
      double agreed,
      double disagreed,
      Ballot.Piece piece,
      List<Integer> witnesses,
      int told,
      boolean due,
      boolean last,
      long at) {}

  /// What one more ballot, or time, leads to.
  ///
  /// @param state the ballots with it
  /// @param weight of its evidence: 1, or the share of the voices that agree when more contradict
  /// @param changes in what others say of this subject and of those that came before
  public record Result(Ballots state, double weight, List<Change> changes) {}

  /// The result of one more ballot, those from before `since` forgotten.
  ///
  /// @param strangers how many subjects that nobody knows may all be one group
  public Result with(Ballot cast, long since, int strangers) {
    List<Ballot> kept = new ArrayList<>(all.size() + 1);
    List<Ballot> left = new ArrayList<>();
    Ballot last = cast;
    for (Ballot old : all) {
      boolean same = old.subject().equals(cast.subject()) && cast.stance().replaces(old.stance());
      boolean again = same && old.stance().equals(cast.stance());
      if (again) {
        // Said again, it is still one ballot, and was credited once.
        last = last.judged(old.verdict());
      }
      if (again && old.piece().source().equals(cast.piece().source())) {
        last = last.with(cast.piece().after(old.piece()));
      } else if (same || old.at() < since) {
        left.add(old);
      } else {
        kept.add(old);
      }
    }
    kept.add(last);
    int most = Math.max(0, kept.size() - MOST);
    left.addAll(kept.subList(0, most));
    List<Change> changes = new ArrayList<>(leave(left));
    List<Ballot> next = kept.subList(most, kept.size());
    Tally tally = new Tally(next, strangers);
    List<Ballot> judged = new ArrayList<>(next.size());
    for (Ballot ballot : next) {
      Ballot.Verdict verdict = tally.count(ballot).verdict();
      if (verdict != Ballot.Verdict.OPEN && verdict != ballot.verdict()) {
        changes.add(change(ballot, verdict));
        judged.add(ballot.judged(verdict));
      } else {
        judged.add(ballot);
      }
    }
    return new Result(new Ballots(judged, strangers), tally.count(last).weight(), changes);
  }

  /// What is told at this time.
  ///
  /// @param hold how long feedback is held, in milliseconds
  public Result told(long now, long hold) {
    Tally tally = new Tally(all, group);
    List<Ballot> next = new ArrayList<>(all.size());
    List<Change> changes = new ArrayList<>();
    for (Ballot ballot : all) {
      Ballot.Piece piece = ballot.piece();
      if (piece.settled() || piece.due(hold) > now) {
        next.add(ballot);
        continue;
      }
      int words = piece.words() + 1;
      boolean soon = words == 1;
      boolean some = tell(ballot, tally, !soon, words == Ballot.Piece.SETTLED, changes);
      // Its share gets back what was paid for it once.
      boolean done = some && !soon && !piece.held();
      next.add(ballot.with(piece.told(now, done ? Ballot.Piece.SETTLED : words)));
    }
    return new Result(new Ballots(next, group), 1, changes);
  }

  /// When something is to be told next.
  ///
  /// @param hold how long feedback is held, in milliseconds
  public OptionalLong next(long hold) {
    return all.stream()
        .map(Ballot::piece)
        .filter(piece -> !piece.settled())
        .mapToLong(piece -> piece.due(hold))
        .min();
  }

  /// The same without the ballots of those subjects.
  public Ballots without(Predicate<String> subjects) {
    return new Ballots(
        all.stream().filter(ballot -> !subjects.test(ballot.subject())).toList(), group);
  }

  // What is forgotten before its time has its last word now.
  private List<Change> leave(List<Ballot> left) {
    List<Change> changes = new ArrayList<>();
    if (left.stream().anyMatch(ballot -> !ballot.piece().settled())) {
      Tally tally = new Tally(all, group);
      left.stream()
          .filter(ballot -> !ballot.piece().settled())
          .forEach(ballot -> tell(ballot, tally, true, true, changes));
    }
    return changes;
  }

  // What waits must hear at last that nobody bears it out, too.
  private static boolean tell(
      Ballot ballot, Tally tally, boolean due, boolean last, List<Change> changes) {
    Tally.Count count = tally.count(ballot);
    long told = ballot.piece().told();
    List<Integer> witnesses = new ArrayList<>(count.witnesses(0, told));
    int before = witnesses.size();
    witnesses.addAll(count.witnesses(told + 1, Long.MAX_VALUE));
    if (witnesses.isEmpty() && !(last && ballot.piece().held())) {
      return false;
    }
    changes.add(
        new Change(
            ballot.subject(), 0, 0, ballot.piece(), witnesses, before, due, last, ballot.at()));
    return true;
  }

  private static Change change(Ballot ballot, Ballot.Verdict now) {
    int examples = ballot.piece().examples();
    return new Change(
        ballot.subject(),
        examples * difference(ballot.verdict(), now, Ballot.Verdict.AGREED),
        examples * difference(ballot.verdict(), now, Ballot.Verdict.DISAGREED),
        ballot.piece(),
        List.of(),
        0,
        false,
        false,
        ballot.at());
  }

  private static int difference(Ballot.Verdict before, Ballot.Verdict now, Ballot.Verdict which) {
    return (now == which ? 1 : 0) - (before == which ? 1 : 0);
  }
}
