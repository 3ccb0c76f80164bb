package dev.tidemill.inference.io;

import dev.tidemill.inference.decode.Outcome;
import dev.tidemill.inference.decode.ScoredToken;
import dev.tidemill.inference.decode.SequenceEvent;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One answer of a request as it comes in, piece by piece.
final class Choice {
  private final StringBuilder text = new StringBuilder();
  private final List<ScoredToken> scores = new ArrayList<>();
  private @Nullable Outcome outcome;

  void add(SequenceEvent.Text piece) {
    text.append(piece.piece());
    scores.addAll(piece.scores());
  }

  void end(Outcome how) {
    outcome = how;
  }

  /// How it ended; asked only then.
  Outcome outcome() {
    if (outcome == null) {
      throw new IllegalStateException("the answer has not ended");
    }
    return outcome;
  }

  /// The text for the client: an echoed prompt first, when one was wanted.
  String text() {
    return text.toString();
  }

  List<ScoredToken> scores() {
    return scores;
  }

  /// What the counts of a request come to: its prompt is read once, whatever is drawn from it.
  record Usage(int promptTokens, int completionTokens) {

    static Usage of(List<Choice> choices) {
      return new Usage(
          choices.getFirst().outcome().promptTokens(),
          choices.stream().mapToInt(choice -> choice.outcome().completionTokens()).sum());
    }
  }
}
