package dev.tidemill.curator.guard;

import java.util.Arrays;
import java.util.List;

/// How much subjects give: a histogram, so that what a few give does not move what counts as usual.
/// The subjects of one partition are kept along with the standings, and made of them on start; what
/// other partitions tell of theirs is added.
public final class Population {
  /// Buckets grow by a twelfth of a doubling, about 6 %.
  private static final int STEPS = 12;

  private static final int BUCKETS = 20 * STEPS;

  /// The tenth of the subjects that gives most counts as if it gave no more than all others.
  private static final double USUAL = 0.9;

  private static final double[] VALUES = new double[BUCKETS];

  static {
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
      VALUES[bucket] = Math.pow(2, (bucket + 0.5) / STEPS);
    }
  }

  private long epoch = Long.MIN_VALUE;
  private int[] lately = new int[BUCKETS];
  private int[] present = new int[BUCKETS];
  private int size;
  private int speakers;
  private long revision;

  private List<Histogram> others = List.of();
  private int[] beside = new int[BUCKETS];
  private int besideSize;

  /// What one partition tells the others of its subjects.
  ///
  /// @param epoch the present window
  /// @param lately subjects by what they gave in the present window or the one before
  /// @param present subjects by what they gave in the present one
  public record Histogram(long epoch, List<Integer> lately, List<Integer> present) {
    public Histogram {
      lately = List.copyOf(lately);
      present = List.copyOf(present);
    }

    private List<Integer> at(long now) {
      if (now == epoch + 1) {
        return present;
      }
      // Who is ahead by a window counts among the latest those of ours.
      return now == epoch || now == epoch - 1 ? lately : List.of();
    }
  }

  /// The subjects kept here, without those of others.
  public Histogram histogram() {
    return new Histogram(epoch, list(lately), list(present));
  }

  /// Goes up whenever the histogram changes.
  public long revision() {
    return revision;
  }

  /// Other partitions tell this, in place of what they told before.
  public void beside(List<Histogram> told) {
    others = told;
    besideSize = 0;
    beside = new int[BUCKETS];
    for (Histogram other : others) {
      List<Integer> counts = other.at(epoch);
      for (int bucket = 0; bucket < Math.min(BUCKETS, counts.size()); bucket++) {
        beside[bucket] += counts.get(bucket);
        besideSize += counts.get(bucket);
      }
    }
  }

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
    revision++;
    beside(others);
  }

  /// How many subjects spoke in the present window or the one before.
  public int size() {
    return size + besideSize;
  }

  /// What a subject gives on average, in examples, in the window in which it gave more; the
  /// subjects that give most are counted as giving what nine of ten stay below.
  public double usual() {
    double sum = 0;
    int all = size();
    double left = USUAL * all;
    double rest = (1 - USUAL) * all;
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
      double value = VALUES[bucket];
      double some = Math.min(left, lately[bucket] + beside[bucket]);
      left -= some;
      sum += some * value;
      if (left <= 0) {
        return all == 0 ? 0 : (sum + rest * value) / all;
      }
    }
    return 0;
  }

  private void count(Standing standing, int sign) {
    if (standing.epoch() != epoch) {
      return;
    }
    revision++;
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

  private static List<Integer> list(int[] counts) {
    return Arrays.stream(counts).boxed().toList();
  }

  private static int bucket(long asked) {
    double bucket = STEPS * Math.log(asked / Standing.UNIT) / Math.log(2);
    return (int) Math.clamp(Math.floor(bucket), 0, BUCKETS - 1);
  }
}
