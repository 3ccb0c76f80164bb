package dev.tidemill.curator.domain.near;

import java.util.Arrays;
import java.util.SplittableRandom;

/// Locality-sensitive hashing of shingles: MinHash in {@value #COUNT} bands of {@value #ROWS} rows.
///
/// Two texts of Jaccard similarity s have an equal band with probability 1 - (1 - s⁵)¹⁶: 0.998 at
/// 0.8, 0.40 at 0.5, 0.005 at 0.2. An equal band only makes a candidate; {@link Sketch} decides.
final class Bands {
  static final int COUNT = 16;
  static final int ROWS = 5;

  private static final int MINIMA = COUNT * ROWS;
  private static final int[] FACTORS = new int[MINIMA];
  private static final int[] ADDENDS = new int[MINIMA];

  // Part of the stored form: another seed would make what is stored incomparable.
  static {
    SplittableRandom random = new SplittableRandom(0x7e1de5eedL);
    for (int i = 0; i < MINIMA; i++) {
      FACTORS[i] = random.nextInt() | 1;
      ADDENDS[i] = random.nextInt();
    }
  }

  private Bands() {}

  /// The hashes of the bands.
  static int[] of(int[] shingles) {
    int[] minima = new int[MINIMA];
    Arrays.fill(minima, Integer.MAX_VALUE);
    for (int shingle : shingles) {
      lower(minima, shingle);
    }
    int[] bands = new int[COUNT];
    for (int band = 0; band < COUNT; band++) {
      long hash = band;
      for (int row = band * ROWS; row < (band + 1) * ROWS; row++) {
        hash = Shingles.mix(hash ^ minima[row]);
      }
      bands[band] = (int) hash;
    }
    return bands;
  }

  // Straight over arrays, so that the compiler makes vector instructions of it.
  private static void lower(int[] minima, int shingle) {
    for (int i = 0; i < MINIMA; i++) {
      minima[i] = Math.min(minima[i], shingle * FACTORS[i] + ADDENDS[i]);
    }
  }
}
