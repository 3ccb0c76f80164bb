package dev.tidemill.inference.decode;

import dev.tidemill.inference.serving.Lease;
import dev.tidemill.model.generate.SamplingParameters;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// An admitted request on its way through the [DecodeEngine], with the release that it keeps to the
/// end. The engine gives the lease back and says how it ended, exactly once, whatever happens.
public final class Sequence {
  private final Lease lease;
  private final int[] prompt;
  private final SamplingParameters parameters;
  private final long admittedNanos;
  private final long deadlineNanos;
  private final Consumer<Outcome> whenEnded;

  /// Bounded by the longest answer: an event per token at most.
  private final BlockingQueue<SequenceEvent> events = new LinkedBlockingQueue<>();

  private volatile boolean cancelled;

  /// @param admittedNanos when it was admitted, by the engine's clock
  /// @param limit from then to the last token
  /// @param whenEnded called once, before the last event; must not wait
  public Sequence(
      Lease lease,
      int[] prompt,
      SamplingParameters parameters,
      long admittedNanos,
      Duration limit,
      Consumer<Outcome> whenEnded) {
    this.lease = lease;
    this.prompt = prompt.clone();
    this.parameters = parameters;
    this.admittedNanos = admittedNanos;
    this.deadlineNanos = admittedNanos + limit.toNanos();
    this.whenEnded = whenEnded;
  }

  /// The next event; null when `limit` passes first.
  public @Nullable SequenceEvent next(Duration limit) throws InterruptedException {
    return events.poll(limit.toNanos(), TimeUnit.NANOSECONDS);
  }

  /// Nobody waits for the answer any more.
  public void cancel() {
    cancelled = true;
  }

  Lease lease() {
    return lease;
  }

  int[] prompt() {
    return prompt.clone();
  }

  int promptTokens() {
    return prompt.length;
  }

  SamplingParameters parameters() {
    return parameters;
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

  void emit(String piece) {
    events.add(new SequenceEvent.Text(piece));
  }

  void end(Outcome outcome) {
    try {
      whenEnded.accept(outcome);
    } finally {
      lease.close();
      events.add(new SequenceEvent.Ended(outcome));
    }
  }
}
