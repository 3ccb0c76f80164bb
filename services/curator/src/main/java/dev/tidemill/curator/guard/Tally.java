package dev.tidemill.curator.guard;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Counts ballots on one prompt: who calls which answer good or bad. A subject counts once on each
/// side of an answer, and all voices of campaigns on a side count as one.
final class Tally {
  private final Map<Long, Side> good = new HashMap<>();
  private final Map<Long, Side> bad = new HashMap<>();
  private final Map<Long, Side> proposed = new HashMap<>();

  Tally(List<Ballot> ballots) {
    for (Ballot ballot : ballots) {
      if (ballot.voice() == 0) {
        continue;
      }
      Stance stance = ballot.stance();
      if (stance.good() != 0) {
        good.computeIfAbsent(stance.good(), a -> new Side()).add(ballot);
        if (stance.proposed()) {
          proposed.computeIfAbsent(stance.good(), a -> new Side()).add(ballot);
        }
      }
      if (stance.bad() != 0) {
        bad.computeIfAbsent(stance.bad(), a -> new Side()).add(ballot);
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
        agree == null ? Voices.NONE : agree.without(subject), contradict, agree, subject);
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
  record Count(Voices agree, Voices contradict, @Nullable Side side, String subject) {
    // Sums of voices are not exact.
    private static final double TIE = 1e-9;

    /// Weight of what has this voice: 1 unless more contradict it.
    double weight(double voice) {
      double mine = agree.weight + voice;
      return contradict.weight > mine + TIE ? mine / (mine + contradict.weight) : 1;
    }

    /// A clear majority of others, two at least to contradict.
    Ballot.Verdict verdict(double voice) {
      double mine = agree.weight + voice;
      if (contradict.subjects >= 2 && contradict.weight >= 2 * mine - TIE) {
        return Ballot.Verdict.DISAGREED;
      }
      if (agree.subjects >= 1 && mine > 2 * contradict.weight + TIE) {
        return Ballot.Verdict.AGREED;
      }
      return Ballot.Verdict.OPEN;
    }

    List<Integer> witnesses(int most) {
      return side == null ? List.of() : side.witnesses(subject, most);
    }
  }

  /// Who says the same of an answer.
  static final class Side {
    private final Map<String, Ballot> bySubject = new LinkedHashMap<>();
    private double alone;
    private int subjects;
    private int campaigners;
    private double campaign;

    void add(Ballot ballot) {
      if (bySubject.putIfAbsent(ballot.subject(), ballot) != null) {
        return;
      }
      if (ballot.campaign()) {
        campaigners++;
        campaign = Math.max(campaign, ballot.voice());
      } else {
        subjects++;
        alone += ballot.voice();
      }
    }

    Voices without(String subject) {
      @Nullable Ballot own = bySubject.get(subject);
      boolean one = own != null && !own.campaign();
      boolean campaigner = own != null && own.campaign();
      boolean campaignLeft = campaigners > (campaigner ? 1 : 0);
      return new Voices(
          alone - (one && own != null ? own.voice() : 0) + (campaignLeft ? campaign : 0),
          subjects - (one ? 1 : 0) + (campaignLeft ? 1 : 0));
    }

    List<Integer> witnesses(String subject, int most) {
      List<Integer> hashes = new ArrayList<>();
      for (String other : bySubject.keySet()) {
        if (!other.equals(subject)) {
          hashes.add(other.hashCode());
        }
      }
      return hashes.subList(Math.max(0, hashes.size() - most), hashes.size());
    }
  }
}
