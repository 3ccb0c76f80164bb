package dev.tidemill.curator.guard;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Counts ballots on one prompt: who calls which answer good or bad. A subject counts once on each
/// side of an answer, all voices of campaigns on a side count as one, and so do as many strangers
/// as may all be one group.
final class Tally {
  private final Map<Long, Side> good = new HashMap<>();
  private final Map<Long, Side> bad = new HashMap<>();
  private final Map<Long, Side> proposed = new HashMap<>();
  private final int group;

  Tally(List<Ballot> ballots, int group) {
    this.group = group;
    for (Ballot ballot : ballots) {
      Stance stance = ballot.stance();
      if (stance.good() != 0) {
        side(good, stance.good()).add(ballot);
        if (stance.proposed()) {
          side(proposed, stance.good()).add(ballot);
        }
      }
      if (stance.bad() != 0) {
        side(bad, stance.bad()).add(ballot);
      }
    }
  }

  /// What others say of a ballot. A correction or preference stands or falls with the answer it
  /// calls good: to call a bad answer bad along with everybody is no proof of the other.
  Count count(Ballot ballot) {
    String subject = ballot.subject();
    Stance stance = ballot.stance();
    Voices contradict = Voices.NONE;
    if (stance.good() != 0) {
      contradict = voices(bad, stance.good(), subject);
    }
    if (stance.bad() != 0) {
      contradict = contradict.stronger(voices(good, stance.bad(), subject));
    }
    if (stance.proposed()) {
      for (Map.Entry<Long, Side> rival : proposed.entrySet()) {
        if (rival.getKey() != stance.good()) {
          contradict = contradict.stronger(rival.getValue().without(subject));
        }
      }
    }
    Side agree = stance.good() != 0 ? good.get(stance.good()) : bad.get(stance.bad());
    return new Count(
        agree == null ? Voices.NONE : agree.without(subject), contradict, agree, ballot);
  }

  private Side side(Map<Long, Side> sides, long answer) {
    return sides.computeIfAbsent(answer, a -> new Side(group));
  }

  private static Voices voices(Map<Long, Side> sides, long answer, String subject) {
    Side side = sides.get(answer);
    return side == null ? Voices.NONE : side.without(subject);
  }

  /// Voices on one side.
  ///
  /// @param weight of all together
  /// @param subjects how many there are, a campaign as one
  record Voices(double weight, int subjects) {
    static final Voices NONE = new Voices(0, 0);

    Voices stronger(Voices other) {
      return other.weight > weight ? other : this;
    }
  }

  /// What others say of one ballot.
  ///
  /// @param agree those that say the same
  /// @param contradict the strongest side that says otherwise
  /// @param side of the ballot, its own subject among it
  record Count(Voices agree, Voices contradict, @Nullable Side side, Ballot ballot) {
    // Sums of voices are not exact.
    private static final double TIE = 1e-9;

    /// Weight of the ballot's evidence: 1 unless more contradict it.
    double weight() {
      double mine = agree.weight + ballot.loud();
      return contradict.weight > mine + TIE ? mine / (mine + contradict.weight) : 1;
    }

    /// A clear majority of others, two at least to contradict.
    Ballot.Verdict verdict() {
      double mine = agree.weight + ballot.loud();
      if (contradict.subjects >= 2 && contradict.weight >= 2 * mine - TIE) {
        return Ballot.Verdict.DISAGREED;
      }
      if (agree.subjects >= 1 && mine > 2 * contradict.weight + TIE) {
        return Ballot.Verdict.AGREED;
      }
      return Ballot.Verdict.OPEN;
    }

    /// Hashes of those that bear it out and were heard between these times, unless more contradict
    /// it. Those whose evidence is held are among them.
    List<Integer> witnesses(long from, long until) {
      if (side == null
          || contradict.weight > agree.weight + ballot.voice() + side.waiting(ballot) + TIE) {
        return List.of();
      }
      return side.witnesses(ballot.subject(), from, until);
    }
  }

  /// Who says the same of an answer.
  static final class Side {
    private final Map<String, Ballot> bySubject = new LinkedHashMap<>();
    private final Map<String, Ballot> waiting = new LinkedHashMap<>();
    private final int group;
    private double known;
    private int subjects;
    private int strangers;
    private double strange;
    private int campaigners;
    private double campaign;

    Side(int group) {
      this.group = group;
    }

    void add(Ballot ballot) {
      if (ballot.piece().held()) {
        waiting.putIfAbsent(ballot.subject(), ballot);
        return;
      }
      if (ballot.voice() == 0 || bySubject.putIfAbsent(ballot.subject(), ballot) != null) {
        return;
      }
      if (ballot.campaign()) {
        campaigners++;
        campaign = Math.max(campaign, ballot.voice());
      } else if (ballot.voice() <= Standing.STRANGER) {
        strangers++;
        strange += ballot.voice();
      } else {
        subjects++;
        known += ballot.voice();
      }
    }

    Voices without(String subject) {
      @Nullable Ballot own = bySubject.get(subject);
      double knownLeft = known;
      int subjectsLeft = subjects;
      double strangeLeft = strange;
      int strangersLeft = strangers;
      int campaignersLeft = campaigners;
      if (own != null && own.campaign()) {
        campaignersLeft--;
      } else if (own != null && own.voice() <= Standing.STRANGER) {
        strangersLeft--;
        strangeLeft -= own.voice();
      } else if (own != null) {
        subjectsLeft--;
        knownLeft -= own.voice();
      }
      // As many as may all be one group count as one of them.
      int apart = strangersLeft == 0 ? 0 : Math.max(1, strangersLeft - group);
      double strangersWeight = strangersLeft == 0 ? 0 : strangeLeft * apart / strangersLeft;
      int campaigns = campaignersLeft > 0 ? 1 : 0;
      return new Voices(
          knownLeft + strangersWeight + campaigns * campaign, subjectsLeft + apart + campaigns);
    }

    // Voices of the others that wait.
    double waiting(Ballot ballot) {
      double sum = 0;
      for (Ballot other : waiting.values()) {
        sum += other.subject().equals(ballot.subject()) ? 0 : other.voice();
      }
      return sum;
    }

    List<Integer> witnesses(String subject, long from, long until) {
      List<Integer> hashes = new ArrayList<>();
      for (Ballot other : bySubject.values()) {
        add(other, subject, from, until, hashes);
      }
      for (Ballot other : waiting.values()) {
        if (!bySubject.containsKey(other.subject())) {
          add(other, subject, from, until, hashes);
        }
      }
      return hashes;
    }

    private static void add(
        Ballot other, String subject, long from, long until, List<Integer> hashes) {
      long heard = other.piece().heard();
      if (!other.subject().equals(subject) && heard >= from && heard <= until) {
        hashes.add(other.subject().hashCode());
      }
    }
  }
}
