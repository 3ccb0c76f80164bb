package dev.tidemill.curator.guard;

import java.util.List;

/// What is known of one subject in the present window and the one before: how much it was granted,
/// how much others bear out or contradict, and by whom. 90 bytes, and two for each who did.
///
/// Amounts are thousandths of an example of full weight; as whole numbers their sums do not depend
/// on the order in which a restart adds them up.
///
/// @param epoch the present window
/// @param present what came in it
/// @param previous what came in the window before
public record Standing(long epoch, Sums present, Sums previous) {
  /// Thousandths.
  static final double UNIT = 1_000;

  /// Voice of a subject that nobody knows, against 1 of one that others bear out.
  static final double STRANGER = 0.25;

  /// Agreement that every subject is given in advance, so that one mistake is no verdict.
  private static final double BENEFIT_OF_DOUBT = 12;

  // Below the first share of contradicted examples a subject has all trust, above the second none.
  private static final double TRUSTED = 0.2;
  private static final double DISTRUSTED = 0.6;

  /// Examples that others bear out from which on a subject is known.
  private static final double KNOWN = 4;

  /// What came in one window.
  ///
  /// @param asked examples that it sent
  /// @param granted weight of the examples passed on that others than its companions have not borne
  ///   out
  /// @param earned weight of those that they have
  /// @param agreed examples borne out
  /// @param disagreed examples contradicted
  /// @param met who bore them out, and how often
  public record Sums(
      long asked, long granted, long earned, long agreed, long disagreed, Companions met) {
    static final Sums NONE = new Sums(0, 0, 0, 0, 0, Companions.NONE);

    private Sums plus(double ask, double grant, double earn) {
      return new Sums(
          more(asked, ask), more(granted, grant), more(earned, earn), agreed, disagreed, met);
    }
  }

  /// How far a subject is trusted. The name in lower case is the metric's label.
  public enum Band {
    /// Others contradict it often.
    DOUBTED,
    /// Too few have spoken of the same.
    UNKNOWN,
    /// Others bear out some of its examples.
    KNOWN
  }

  /// Of a subject that was never heard before.
  public static Standing none(long epoch) {
    return new Standing(epoch, Sums.NONE, Sums.NONE);
  }

  /// The same in a later window.
  public Standing at(long now) {
    if (now <= epoch) {
      return this;
    }
    return new Standing(now, Sums.NONE, now == epoch + 1 ? present : Sums.NONE);
  }

  /// The standing after so many examples were sent.
  public Standing ask(int examples) {
    return new Standing(epoch, present.plus(examples, 0, 0), previous);
  }

  /// The standing after so much weight was passed on at the cost of its share.
  public Standing grant(double weight) {
    return new Standing(epoch, present.plus(0, weight, 0), previous);
  }

  /// The standing after others were heard.
  ///
  /// @param agreed examples borne out, or less than zero when they are no longer
  /// @param disagreed examples contradicted, or less than zero
  public Standing heard(double agreed, double disagreed) {
    Sums sums =
        new Sums(
            present.asked,
            present.granted,
            present.earned,
            more(present.agreed, agreed),
            more(present.disagreed, disagreed),
            present.met);
    return new Standing(epoch, sums, previous);
  }

  /// The standing after these bore out a piece.
  ///
  /// @param of so many in all
  public Standing met(List<Integer> witnesses, int of) {
    if (witnesses.isEmpty()) {
      return this;
    }
    Sums sums =
        new Sums(
            present.asked,
            present.granted,
            present.earned,
            present.agreed,
            present.disagreed,
            present.met.with(witnesses, of));
    return new Standing(epoch, sums, previous);
  }

  /// Whether others than its companions are among those that bear out a piece of it.
  ///
  /// @param group how many may all be one group
  public boolean borneOut(List<Integer> witnesses, int group) {
    return present.met.and(previous.met).independent(witnesses, group);
  }

  /// The standing after others bore out a piece for which its share has paid: it gets that back.
  ///
  /// @param when the window in which it paid
  public Standing refund(double weight, long when) {
    return when < epoch
        ? new Standing(epoch, present.plus(0, 0, weight), previous.plus(0, -weight, 0))
        : new Standing(epoch, present.plus(0, -weight, weight), previous);
  }

  /// The standing after a piece went on because others bore it out.
  public Standing earn(double weight) {
    return new Standing(epoch, present.plus(0, 0, weight), previous);
  }

  /// Weight lately granted at the cost of its share, in examples.
  ///
  /// @param remainder how much of the window before still counts
  public double granted(double remainder) {
    return (present.granted + previous.granted * remainder) / UNIT;
  }

  /// Trust, from the floor to 1: falls with the share of what others contradict.
  public double trust(double remainder, double floor) {
    double agreed = (present.agreed + previous.agreed * remainder) / UNIT;
    double disagreed = (present.disagreed + previous.disagreed * remainder) / UNIT;
    double doubt = disagreed / (agreed + disagreed + BENEFIT_OF_DOUBT);
    return Math.clamp(1 - (doubt - TRUSTED) / (DISTRUSTED - TRUSTED), floor, 1.0);
  }

  /// How much its word counts when subjects contradict each other.
  public double voice(double remainder, Guard guard) {
    double known = Math.clamp(earned(remainder) / KNOWN, 0.0, 1.0);
    return trust(remainder, guard.floor()) * (STRANGER + (1 - STRANGER) * known);
  }

  /// Weight that it may have been granted by now: its share of the crowd's, and some for what
  /// others bear out.
  ///
  /// @param usual what a subject of the crowd usually gives
  public double allowance(double usual, double remainder, Guard guard) {
    double share = Math.max(guard.least(), guard.share() * usual);
    return (share + guard.credit() * earned(remainder)) * trust(remainder, guard.floor());
  }

  /// How far it is trusted.
  public Band band(Guard guard) {
    if (trust(1, guard.floor()) < 1) {
      return Band.DOUBTED;
    }
    return earned(1) >= KNOWN ? Band.KNOWN : Band.UNKNOWN;
  }

  private double earned(double remainder) {
    return (present.earned + previous.earned * remainder) / UNIT;
  }

  private static long more(long sum, double more) {
    return Math.max(0, sum + Math.round(more * UNIT));
  }
}
