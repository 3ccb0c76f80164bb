package dev.tidemill.curator.guard;

/// About how many different things were seen, in 32 bytes: one bit of 256 for each, by hash.
/// Things seen again change nothing, whatever the order.
public record Sketch(long a, long b, long c, long d) {
  public static final Sketch EMPTY = new Sketch(0, 0, 0, 0);
  private static final int BITS = 256;

  /// Whether this hash's bit is set.
  public boolean holds(int hash) {
    return set(bit(hash));
  }

  /// Whether this bit is set.
  boolean set(int bit) {
    return (word(bit >>> 6) >>> (bit & 63) & 1) == 1;
  }

  /// The sketch that has seen this hash too.
  public Sketch with(int hash) {
    int bit = bit(hash);
    long mask = 1L << (bit & 63);
    int word = bit >>> 6;
    return new Sketch(
        word == 0 ? a | mask : a,
        word == 1 ? b | mask : b,
        word == 2 ? c | mask : c,
        word == 3 ? d | mask : d);
  }

  /// What either has seen.
  public Sketch or(Sketch other) {
    return new Sketch(a | other.a, b | other.b, c | other.c, d | other.d);
  }

  /// About how many were seen; what fills all bits counts as 1,420.
  public double count() {
    return count(Long.bitCount(a) + Long.bitCount(b) + Long.bitCount(c) + Long.bitCount(d));
  }

  /// About how many were seen when so many bits are set.
  static double count(int set) {
    return -BITS * Math.log((BITS - Math.min(set, BITS - 1)) / (double) BITS);
  }

  private long word(int index) {
    return index < 2 ? (index == 0 ? a : b) : (index == 2 ? c : d);
  }

  static int bit(int hash) {
    return mix(hash) >>> 24;
  }

  static int mix(int hash) {
    int mixed = hash * 0x9E3779B1;
    mixed ^= mixed >>> 15;
    return mixed * 0x85EBCA77;
  }
}
