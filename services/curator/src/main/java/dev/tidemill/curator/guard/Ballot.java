package dev.tidemill.curator.guard;

/// One subject's stance on a prompt.
///
/// @param subject who
/// @param stance what it says
/// @param voice how much its word counts, to 1; 0 for one that is only judged
/// @param campaign whether it is one of a few who say nearly the same of many prompts: all of them
///   together count as one
/// @param examples how many it made, which is what agreement earns
/// @param verdict what others say of it, as its standing knows
/// @param at when it came, in milliseconds
public record Ballot(
    String subject,
    Stance stance,
    double voice,
    boolean campaign,
    int examples,
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

  Ballot judged(Verdict now) {
    return new Ballot(subject, stance, voice, campaign, examples, now, at);
  }
}
