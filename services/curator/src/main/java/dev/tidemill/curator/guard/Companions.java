package dev.tidemill.curator.guard;

import java.util.Arrays;
import java.util.List;

/// Who keeps company with a subject: how often each of 1,024 groups, into which subjects fall by
/// hash, bore it out. It names nobody.
///
/// A witness among many counts less than one of few: what all speak of makes nobody a companion,
/// while a group must bear out its own again and again.
public final class Companions {
  /// Groups of subjects.
  public static final int GROUPS = 1_024;

  public static final Companions NONE = new Companions(new byte[GROUPS]);

  private static final int MOST = 255;

  /// Of a witness that is alone.
  private static final int UNIT = 8;

  /// One in so many witnesses must be no constant companion. Not all liars need be among these
  /// then, and a few honest mistakes that say what they say bear no lie out.
  private static final int SOME = 3;

  private final byte[] times;

  private Companions(byte[] times) {
    this.times = times;
  }

  /// Of these counts, one for each group.
  public static Companions of(byte[] times) {
    if (times.length != GROUPS) {
      throw new IllegalArgumentException("there are 1,024 groups, not " + times.length);
    }
    return new Companions(times.clone());
  }

  /// Of those that this sketch has seen, each once; it tells groups four times as large.
  public static Companions of(Sketch seen) {
    byte[] times = new byte[GROUPS];
    for (int group = 0; group < GROUPS; group++) {
      times[group] = (byte) (seen.set(group / 4) ? 1 : 0);
    }
    return new Companions(times);
  }

  /// The counts.
  public byte[] times() {
    return times.clone();
  }

  /// The same after these bore the subject out.
  ///
  /// @param of so many in all
  public Companions with(List<Integer> witnesses, int of) {
    int more = (int) Math.max(1, Math.round(UNIT / Math.sqrt(of)));
    byte[] next = times.clone();
    for (int witness : witnesses) {
      int group = group(witness);
      next[group] = (byte) Math.min(MOST, (next[group] & MOST) + more);
    }
    return new Companions(next);
  }

  /// What came in both windows.
  public Companions and(Companions other) {
    byte[] both = new byte[GROUPS];
    for (int group = 0; group < GROUPS; group++) {
      both[group] = (byte) Math.min(MOST, (times[group] & MOST) + (other.times[group] & MOST));
    }
    return new Companions(both);
  }

  /// Whether at least a third of these witnesses are none of the subject's most constant
  /// companions.
  ///
  /// @param most how many may be that: all that a group can be
  public boolean independent(List<Integer> witnesses, int most) {
    boolean[] constant = constant(most);
    int others = 0;
    for (int witness : witnesses) {
      others += constant[group(witness)] ? 0 : 1;
    }
    return others > 0 && SOME * others >= witnesses.size();
  }

  private static int group(int subject) {
    return Sketch.mix(subject) >>> 22;
  }

  private boolean[] constant(int most) {
    int[] byTimes = new int[GROUPS];
    for (int group = 0; group < GROUPS; group++) {
      byTimes[group] = (times[group] & MOST) * GROUPS + group;
    }
    Arrays.sort(byTimes);
    boolean[] constant = new boolean[GROUPS];
    for (int i = GROUPS - 1; i >= Math.max(0, GROUPS - most); i--) {
      constant[byTimes[i] % GROUPS] = byTimes[i] >= GROUPS;
    }
    return constant;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Companions same && Arrays.equals(times, same.times);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(times);
  }
}
