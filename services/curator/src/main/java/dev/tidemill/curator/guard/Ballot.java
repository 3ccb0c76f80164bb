package dev.tidemill.curator.guard;

/// One subject's stance on a prompt.
///
/// @param subject who
/// @param stance what it says
/// @param voice how much its word counts, to 1
/// @param campaign whether it is one of a few who say nearly the same of many prompts: all of them
///   together count as one
/// @param piece the evidence behind it
/// @param verdict what others say of it, as its standing knows
/// @param at when it came, by the time of the records, in milliseconds
public record Ballot(
    String subject,
    Stance stance,
    double voice,
    boolean campaign,
    Piece piece,
    Verdict verdict,
    long at) {

  /// What others say of a ballot.
  public enum Verdict {
    /// Nobody speaks of the same, or they do not agree.
    OPEN,
    /// Others bear it out.
    AGREED,
    /// Others contradict it.
    DISAGREED
  }

  /// The evidence behind a ballot, as far as its subject's standing is concerned.
  ///
  /// @param source where it was read
  /// @param examples how many it makes, which is what agreement earns
  /// @param weight of its examples together
  /// @param held whether it waits for its subject's share: it bears others out, but contradicts
  ///   nobody
  /// @param heard when it was first heard, by the clock, in milliseconds
  /// @param told when its subject's standing was last told of it
  /// @param words how often that was; [#SETTLED] when nothing more is to be told
  public record Piece(
      String source, int examples, double weight, boolean held, long heard, long told, int words) {
    /// Words after which nothing more is told: one soon, so that standings know who keeps company
    /// with whom, and three by which it is judged.
    public static final int SETTLED = 4;

    /// Of which nothing was told.
    public static Piece of(String source, int examples, double weight, boolean held, long heard) {
      return new Piece(source, examples, weight, held, heard, 0, 0);
    }

    /// The same piece after this was known of it.
    Piece after(Piece before) {
      int most = Math.max(words, before.words);
      return new Piece(source, examples, weight, held, before.heard, before.told, most);
    }

    Piece told(long now, int then) {
      return new Piece(source, examples, weight, held, heard, now, then);
    }

    /// The same, of which nothing more is to be told.
    public Piece settle() {
      return told(told, SETTLED);
    }

    boolean settled() {
      return words >= SETTLED;
    }

    /// When the next word is due, in milliseconds.
    long due(long hold) {
      return heard + (words == 0 ? hold / 4 : words * hold);
    }
  }

  /// How much it counts against others: nothing while it is held.
  double loud() {
    return piece.held ? 0 : voice;
  }

  Ballot judged(Verdict now) {
    return new Ballot(subject, stance, voice, campaign, piece, now, at);
  }

  Ballot with(Piece other) {
    return new Ballot(subject, stance, voice, campaign, other, verdict, at);
  }
}
