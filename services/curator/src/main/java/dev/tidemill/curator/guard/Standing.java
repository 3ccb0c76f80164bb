package dev.tidemill.curator.guard;

/// What is known of one subject in the present window and the one before: how much it was granted,
/// how much of it others bear out or contradict, and by how many. About 130 bytes.
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

  /// Agreement that every subject is given in advance, so that one mistake is no verdict.
  private static final double BENEFIT_OF_DOUBT = 12;

  // Below the first share of contradicted examples a subject has all trust, above the second none.
  private static final double TRUSTED = 0.2;
  private static final double DISTRUSTED = 0.6;

  /// Voice of a subject that nobody knows, against 1 of one that many bear out.
  private static final double STRANGER = 0.25;

  /// What came in one window.
  ///
  /// @param asked examples that it sent
  /// @param granted weight of the examples passed on
  /// @param earned examples borne out by somebody new
  /// @param agreed examples borne out
  /// @param disagreed examples contradicted
  /// @param met who bore them out
  public record Sums(
      long asked, long granted, long earned, long agreed, long disagreed, Sketch met) {
    static final Sums NONE = new Sums(0, 0, 0, 0, 0, Sketch.EMPTY);
  }

  /// How far a subject is trusted. The name in lower case is the metric's label.
  public enum Band {
    /// Others contradict it often.
    DOUBTED,
    /// Too few have spoken of the same.
    UNKNOWN,
    /// More subjects bear it out than may be one group.
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
    return new Standing(
        epoch,
        new Sums(
            present.asked + Math.round(examples * UNIT),
            present.granted,
            present.earned,
            present.agreed,
            present.disagreed,
            present.met),
        previous);
  }

  /// The standing after so much weight was passed on.
  public Standing grant(double weight) {
    return new Standing(
        epoch,
        new Sums(
            present.asked,
            present.granted + Math.round(weight * UNIT),
            present.earned,
            present.agreed,
            present.disagreed,
            present.met),
        previous);
  }

  /// The standing after others were heard.
  ///
  /// @param agreed examples borne out, or less than zero when they are no longer
  /// @param disagreed examples contradicted, or less than zero
  /// @param witnesses some of those that bear it out
  public Standing heard(double agreed, double disagreed, Iterable<Integer> witnesses) {
    Sketch known = present.met.or(previous.met);
    Sketch met = present.met;
    boolean fresh = false;
    for (int witness : witnesses) {
      fresh |= !known.holds(witness);
      met = met.with(witness);
    }
    // A group that bears out its own again and again earns nothing by it.
    double earned = fresh || agreed < 0 ? agreed : 0;
    return new Standing(
        epoch,
        new Sums(
            present.asked,
            present.granted,
            plus(present.earned, earned),
            plus(present.agreed, agreed),
            plus(present.disagreed, disagreed),
            met),
        previous);
  }

  /// Weight granted lately, in examples.
  ///
  /// @param remainder how much of the window before still counts
  public double granted(double remainder) {
    return (present.granted + previous.granted * remainder) / UNIT;
  }

  /// How many subjects bear it out.
  public double met() {
    return present.met.or(previous.met).count();
  }

  /// Trust, from the floor to 1: falls with the share of what others contradict.
  public double trust(double remainder, double floor) {
    double agreed = (present.agreed + previous.agreed * remainder) / UNIT;
    double disagreed = disagreed(remainder);
    double doubt = disagreed / (agreed + disagreed + BENEFIT_OF_DOUBT);
    return Math.clamp(1 - (doubt - TRUSTED) / (DISTRUSTED - TRUSTED), floor, 1.0);
  }

  /// How much its word counts when subjects contradict each other.
  public double voice(double remainder, Guard guard) {
    double known = Math.clamp((met() - guard.clique()) / guard.clique(), 0.0, 1.0);
    return trust(remainder, guard.floor()) * (STRANGER + (1 - STRANGER) * known);
  }

  /// Weight that it may have been granted by now: its share of the crowd's, and what it earned.
  ///
  /// @param usual what a subject of the crowd usually gives
  public double allowance(double usual, double remainder, Guard guard) {
    double share = Math.max(guard.least(), guard.share() * usual);
    double earned =
        met() > guard.clique() ? (present.earned + previous.earned * remainder) / UNIT : 0;
    return (share + guard.credit() * earned) * trust(remainder, guard.floor());
  }

  /// How far it is trusted.
  public Band band(Guard guard) {
    if (trust(1, guard.floor()) < 1) {
      return Band.DOUBTED;
    }
    return met() > guard.clique() ? Band.KNOWN : Band.UNKNOWN;
  }

  private double disagreed(double remainder) {
    return (present.disagreed + previous.disagreed * remainder) / UNIT;
  }

  private static long plus(long sum, double more) {
    return Math.max(0, sum + Math.round(more * UNIT));
  }
}
