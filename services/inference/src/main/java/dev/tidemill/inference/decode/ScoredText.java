package dev.tidemill.inference.decode;

import dev.tidemill.model.generate.TokenScore;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// Keeps each token's score until the text that it begins with is out, so that nothing is told of
/// tokens whose text a stop text takes away.
final class ScoredText {
  private final Deque<Waiting> waiting = new ArrayDeque<>();
  private final StringBuilder out = new StringBuilder();
  private int counted;
  private int codePoints;

  private record Waiting(TokenScore score, int start) {}

  /// @param start characters of text before the token
  void token(TokenScore score, int start) {
    waiting.add(new Waiting(score, start));
  }

  /// A piece of text is given out.
  ///
  /// @return the tokens that begin in the text so far
  List<ScoredToken> given(String piece) {
    out.append(piece);
    return before(out.length());
  }

  /// The tokens that no text comes of any more.
  List<ScoredToken> rest() {
    return before(Integer.MAX_VALUE);
  }

  private List<ScoredToken> before(int end) {
    List<ScoredToken> tokens = new ArrayList<>();
    while (!waiting.isEmpty() && waiting.getFirst().start() < end) {
      Waiting next = waiting.removeFirst();
      int start = Math.min(next.start(), out.length());
      codePoints += out.codePointCount(counted, start);
      counted = start;
      tokens.add(new ScoredToken(next.score(), codePoints));
    }
    return tokens;
  }
}
