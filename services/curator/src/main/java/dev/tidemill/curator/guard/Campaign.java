package dev.tidemill.curator.guard;

/// How often nearly the same was said, in the present window: on how many prompts and by how many.
///
/// A place in a table of fixed size holds one text at a time; another text takes the place over
/// once it has come there as often, so what is said very often holds its place.
///
/// @param text signature of what was said
/// @param epoch the window
/// @param held how much the text is ahead of others that came to its place
/// @param pieces how often it came
/// @param prompts of how many prompts it was said
/// @param subjects how many said it
public record Campaign(
    long text, long epoch, int held, int pieces, Sketch prompts, Sketch subjects) {

  /// The text came for the first time.
  public static Campaign first(long text, long epoch, int prompt, int subject) {
    return new Campaign(text, epoch, 1, 1, Sketch.EMPTY.with(prompt), Sketch.EMPTY.with(subject));
  }

  /// A text came to this place.
  public Campaign next(long other, long now, int prompt, int subject) {
    if (now > epoch || (other != text && held <= 1)) {
      return first(other, Math.max(now, epoch), prompt, subject);
    }
    if (other != text) {
      return new Campaign(text, epoch, held - 1, pieces, prompts, subjects);
    }
    return new Campaign(
        text, epoch, held + 1, pieces + 1, prompts.with(prompt), subjects.with(subject));
  }
}
