package dev.tidemill.inference.decode;

import java.util.List;

/// What a sequence has to say to the request that waits for it.
public sealed interface SequenceEvent {

  /// Which of the request's answers it is about.
  int choice();

  /// The next piece of the answer, or of the echoed prompt before it.
  ///
  /// @param scores of the tokens that begin in it, when they are wanted
  record Text(int choice, String piece, List<ScoredToken> scores) implements SequenceEvent {
    public Text {
      scores = List.copyOf(scores);
    }
  }

  /// Nothing more comes.
  record Ended(int choice, Outcome outcome) implements SequenceEvent {}
}
