package dev.tidemill.inference.decode;

/// What a sequence has to say to the request that waits for it.
public sealed interface SequenceEvent {

  /// The next piece of the answer.
  record Text(String piece) implements SequenceEvent {}

  /// Nothing more comes.
  record Ended(Outcome outcome) implements SequenceEvent {}
}
