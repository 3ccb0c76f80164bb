package dev.tidemill.curator.guard;

/// How much the subjects of one partition give: a histogram, so that what a few give does not move
/// what counts as usual. Kept along with the standings, and made of them on start.
public final class Population {
  /// Buckets grow by a twelfth of a doubling, about 6 %.
  private static final int STEPS = 12;

  private static final int BUCKETS = 20 * STEPS;

  /// The tenth of the subjects that gives most counts as if it gave no more than all others.
  private static final double USUAL = 0.9;

  private long epoch = Long.MIN_VALUE;
  private int[] lately = new int[BUCKETS];
  private int[] present = new int[BUCKETS];
  private int size;
  private int speakers;

  /// A subject's standing became this.
  ///
  /// @param before the standing until then, of whatever window; [Standing#none] for a new subject
  public void changed(Standing before, Standing after) {
    turn(after.epoch());
    count(before.at(epoch), -1);
    count(after.at(epoch), 1);
  }

  /// Goes on to this window.
  public void turn(long now) {
    if (now <= epoch) {
      return;
    }
    boolean next = now == epoch + 1;
    lately = next ? present : new int[BUCKETS];
    size = next ? speakers : 0;
    // Who speaks again is moved in the one and counted anew in the other.
    present = new int[BUCKETS];
    speakers = 0;
    epoch = now;
  }

  /// How many subjects spoke in the present window or the one before.
  public int size() {
    return size;
  }

  /// What a subject gives on average, in examples, in the window in which it gave more; the
  /// subjects that give most are counted as giving what nine of ten stay below.
  public double usual() {
    double sum = 0;
    double left = USUAL * size;
    double rest = (1 - USUAL) * size;
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
      double value = Math.pow(2, (bucket + 0.5) / STEPS);
      double some = Math.min(left, lately[bucket]);
      left -= some;
      sum += some * value;
      if (left <= 0) {
        return size == 0 ? 0 : (sum + rest * value) / size;
      }
    }
    return 0;
  }

  private void count(Standing standing, int sign) {
    if (standing.epoch() != epoch) {
      return;
    }
    long now = standing.present().asked();
    long most = Math.max(now, standing.previous().asked());
    if (most > 0) {
      lately[bucket(most)] += sign;
      size += sign;
    }
    if (now > 0) {
      present[bucket(now)] += sign;
      speakers += sign;
    }
  }

  private static int bucket(long asked) {
    double bucket = STEPS * Math.log(asked / Standing.UNIT) / Math.log(2);
    return (int) Math.clamp(Math.floor(bucket), 0, BUCKETS - 1);
  }
}
