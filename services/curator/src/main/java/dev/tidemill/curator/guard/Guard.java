package dev.tidemill.curator.guard;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// How feedback is weighed against the feedback of others (section `curator.guard`).
///
/// @param enabled false leaves nothing but the caps and the agreement on corrections; true unless
///   told
/// @param window over which subjects are compared and trust is remembered: what is older counts
///   less and less, and nothing after two windows; 6 hours unless told
/// @param crowd subjects that must have been heard within the window, in all partitions, before
///   their volumes are compared; 40 unless told. Until then what goes beyond half of `caps.free`
///   waits for `hold`, and passes if nobody can be compared by then
/// @param share what one subject may give within the window beyond what others bear out, as a
///   multiple of what a subject usually gives; 1.45 unless told
/// @param least examples that a subject may always give within the window; 4 unless told
/// @param credit examples that a subject may give beyond its share for each one that others than
///   its constant companions bear out; 0.15 unless told
/// @param hold how long what goes beyond that waits before it is judged by those that bear it out
///   by then; 1 hour unless told. 0 refuses it at once
/// @param maxHeld most pieces that wait in a partition; more are refused at once; 5,000 unless told
/// @param clique share of the subjects that may all be one group: a subject's so many most constant
///   companions bear nothing out; 0.06 unless told
/// @param floor least trust; 0.1 unless told
/// @param campaignFree prompts in a partition on which a few subjects may say nearly the same
///   within the window; 5 unless told
public record Guard(
    @Nullable Boolean enabled,
    Duration window,
    int crowd,
    double share,
    double least,
    double credit,
    Duration hold,
    int maxHeld,
    double clique,
    double floor,
    int campaignFree) {
  public static final Guard DEFAULT =
      new Guard(true, Duration.ofHours(6), 0, 0, 0, 0, Duration.ofHours(1), 0, 0, 0, 0);

  public Guard {
    enabled = enabled == null || enabled;
    window = window == null ? Duration.ofHours(6) : window;
    crowd = crowd == 0 ? 40 : crowd;
    share = share == 0 ? 1.45 : share;
    least = least == 0 ? 4 : least;
    credit = credit == 0 ? 0.15 : credit;
    hold = hold == null ? Duration.ofHours(1) : hold;
    maxHeld = maxHeld == 0 ? 5_000 : maxHeld;
    clique = clique == 0 ? 0.06 : clique;
    floor = floor == 0 ? 0.1 : floor;
    campaignFree = campaignFree == 0 ? 5 : campaignFree;
    if (window.toMillis() < 1) {
      throw new IllegalArgumentException("window must be positive, was " + window);
    }
    if (crowd < 2) {
      throw new IllegalArgumentException("crowd must be at least 2, was " + crowd);
    }
    if (!(share >= 1)) {
      throw new IllegalArgumentException("share must be at least 1, was " + share);
    }
    if (!(least > 0)) {
      throw new IllegalArgumentException("least must be positive, was " + least);
    }
    if (!(credit >= 0)) {
      throw new IllegalArgumentException("credit must not be negative, was " + credit);
    }
    if (hold.isNegative()) {
      throw new IllegalArgumentException("hold must not be negative, was " + hold);
    }
    if (maxHeld < 1) {
      throw new IllegalArgumentException("max_held must be positive, was " + maxHeld);
    }
    if (!(clique > 0 && clique < 1)) {
      throw new IllegalArgumentException("clique must be between 0 and 1, was " + clique);
    }
    if (!(floor > 0 && floor <= 1)) {
      throw new IllegalArgumentException("floor must be in (0, 1], was " + floor);
    }
    if (campaignFree < 1) {
      throw new IllegalArgumentException("campaign_free must be positive, was " + campaignFree);
    }
  }

  /// How many, of so many subjects, may all be one group.
  public int group(double subjects) {
    return (int) Math.ceil(clique * subjects);
  }

  /// The same of those that speak against somebody: nobody while there is no crowd to compare with.
  public int strangers(double subjects) {
    return subjects < crowd ? 0 : group(subjects);
  }

  /// Whether more than the caps is at work.
  public boolean on() {
    return Boolean.TRUE.equals(enabled);
  }

  /// Which window a time, in milliseconds, lies in.
  public long epoch(long millis) {
    return Math.floorDiv(millis, window.toMillis());
  }

  /// How much of the window before this time's still counts: 1 as this one begins, 0 as it ends.
  public double remainder(long millis) {
    return 1 - (double) Math.floorMod(millis, window.toMillis()) / window.toMillis();
  }
}
