package dev.tidemill.inference.decode;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The sequences that answer one request, and what they say.
///
/// @param events of all of them, in the order they come
public record Choices(List<Sequence> sequences, BlockingQueue<SequenceEvent> events) {
  public Choices {
    sequences = List.copyOf(sequences);
  }

  public int size() {
    return sequences.size();
  }

  /// The next event; null when `limit` passes first.
  public @Nullable SequenceEvent next(Duration limit) throws InterruptedException {
    return events.poll(limit.toNanos(), TimeUnit.NANOSECONDS);
  }

  /// Nobody waits for the answers any more.
  public void cancel() {
    sequences.forEach(Sequence::cancel);
  }
}
