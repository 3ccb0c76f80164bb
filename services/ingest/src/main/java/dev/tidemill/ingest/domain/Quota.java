package dev.tidemill.ingest.domain;

/// How much one producer may send. What is 0 is without a limit.
///
/// @param recordsPerSecond records a second, in the long run
/// @param recordBurst records at once after a quiet time; ten seconds' worth unless told
/// @param bytesPerSecond bytes of bodies, unpacked, a second, in the long run
/// @param byteBurst bytes at once after a quiet time; ten seconds' worth unless told
public record Quota(long recordsPerSecond, long recordBurst, long bytesPerSecond, long byteBurst) {

  /// Without any limit.
  public static final Quota NONE = new Quota(0, 0, 0, 0);

  private static final long MOST = 1_000_000_000;
  private static final long SECONDS_OF_BURST = 10;

  public Quota {
    recordBurst = burst("record", recordsPerSecond, recordBurst);
    byteBurst = burst("byte", bytesPerSecond, byteBurst);
  }

  private static long burst(String what, long rate, long burst) {
    if (rate < 0 || rate > MOST) {
      throw new IllegalArgumentException(
          what + "s_per_second must be between 0 and " + MOST + ", was " + rate);
    }
    if (burst < 0 || (burst > 0 && rate == 0)) {
      throw new IllegalArgumentException(
          what + "_burst must be positive and goes with " + what + "s_per_second, was " + burst);
    }
    return burst == 0 ? rate * SECONDS_OF_BURST : burst;
  }
}
