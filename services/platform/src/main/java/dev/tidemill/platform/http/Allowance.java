package dev.tidemill.platform.http;

import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;

/// So much in the long run, and so much at once after a quiet time, by a token bucket. Safe for use
/// by any thread.
public final class Allowance {
  private final Bucket bucket;
  private final long burst;

  /// @param amount what comes back in each `period`, evenly
  /// @param burst most that can be taken at once
  /// @param nanos a clock that never goes back
  public Allowance(long amount, Duration period, long burst, LongSupplier nanos) {
    this.burst = burst;
    this.bucket =
        Bucket.builder()
            .addLimit(limit -> limit.capacity(burst).refillGreedy(amount, period))
            .withCustomTimePrecision(new Nanos(nanos))
            .build();
  }

  /// Most that can be taken at once.
  public long burst() {
    return burst;
  }

  /// Takes so much, or nothing.
  ///
  /// @return empty when it was taken, else how long it is until there is room for so much
  public Optional<Duration> take(long count) {
    if (count <= 0) {
      return Optional.empty();
    }
    ConsumptionProbe probe = bucket.tryConsumeAndReturnRemaining(count);
    return probe.isConsumed()
        ? Optional.empty()
        : Optional.of(Duration.ofNanos(probe.getNanosToWaitForRefill()));
  }

  /// So much was not needed after all.
  public void giveBack(long count) {
    if (count > 0) {
      bucket.addTokens(count);
    }
  }

  /// Whether nothing of it is taken.
  public boolean full() {
    return bucket.getAvailableTokens() >= burst;
  }

  private record Nanos(LongSupplier nanos) implements TimeMeter {
    @Override
    public long currentTimeNanos() {
      return nanos.getAsLong();
    }

    @Override
    public boolean isWallClockBased() {
      return false;
    }
  }
}
