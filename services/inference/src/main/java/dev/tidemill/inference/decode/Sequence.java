package dev.tidemill.inference.decode;

import dev.tidemill.inference.domain.AnswerRequest.Extras;
import dev.tidemill.inference.serving.Lease;
import dev.tidemill.model.generate.SamplingParameters;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.function.Consumer;

/// An admitted answer on its way through the [DecodeEngine], with the release that it keeps to the
/// end. The engine gives the lease back and says how it ended, exactly once, whatever happens.
public final class Sequence {
  private final Lease lease;
  private final Order order;
  private final long admittedNanos;
  private final long deadlineNanos;
  private final Queue<SequenceEvent> events;
  private final Consumer<Outcome> whenEnded;

  private volatile boolean cancelled;

  /// What is to be decoded.
  ///
  /// @param choice which of the request's answers it is
  @SuppressWarnings("ArrayRecordComponent") // read-only by agreement
  public record Order(int choice, int[] prompt, SamplingParameters parameters, Extras extras) {}

  /// @param admittedNanos when it was admitted, by the engine's clock
  /// @param limit from then to the last token
  /// @param events where it says what it has; at most a few for each token
  /// @param whenEnded called once, before the last event; must not wait
  public Sequence(
      Lease lease,
      Order order,
      long admittedNanos,
      Duration limit,
      Queue<SequenceEvent> events,
      Consumer<Outcome> whenEnded) {
    this.lease = lease;
    this.order = order;
    this.admittedNanos = admittedNanos;
    this.deadlineNanos = admittedNanos + limit.toNanos();
    this.events = events;
    this.whenEnded = whenEnded;
  }

  void cancel() {
    cancelled = true;
  }

  Lease lease() {
    return lease;
  }

  int[] prompt() {
    return order.prompt();
  }

  int promptTokens() {
    return order.prompt().length;
  }

  SamplingParameters parameters() {
    return order.parameters();
  }

  Extras extras() {
    return order.extras();
  }

  long admittedNanos() {
    return admittedNanos;
  }

  boolean cancelled() {
    return cancelled;
  }

  boolean late(long nowNanos) {
    return nowNanos - deadlineNanos > 0;
  }

  void emit(String piece, List<ScoredToken> scores) {
    events.add(new SequenceEvent.Text(order.choice(), piece, scores));
  }

  void end(Outcome outcome) {
    try {
      whenEnded.accept(outcome);
    } finally {
      lease.close();
      events.add(new SequenceEvent.Ended(order.choice(), outcome));
    }
  }
}
