package dev.tidemill.platform.ids;

import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/// Where new identifiers come from. Implementations may be called by many threads at once.
@FunctionalInterface
public interface Ids {

  /// The next identifier; never the same twice.
  String next();

  /// Time-ordered UUIDs (version 7, RFC 9562) of the system's clock and secure randomness.
  static Ids system() {
    return uuidV7(InstantSource.system(), new SecureRandom());
  }

  /// Time-ordered UUIDs (version 7). Within one millisecond their order is that of `random`.
  static Ids uuidV7(InstantSource clock, RandomGenerator random) {
    return () -> {
      long millis = clock.millis();
      long high = (millis << 16) | 0x7000L | (random.nextLong() & 0x0FFFL);
      long low = (random.nextLong() & 0x3FFF_FFFF_FFFF_FFFFL) | 0x8000_0000_0000_0000L;
      return new UUID(high, low).toString();
    };
  }

  /// `prefix-1`, `prefix-2` and so on: for tests and for replays that must come out the same.
  static Ids counting(String prefix) {
    AtomicLong count = new AtomicLong();
    return () -> prefix + "-" + count.incrementAndGet();
  }
}
