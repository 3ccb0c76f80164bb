package dev.tidemill.curator.domain.near;

import java.nio.ByteBuffer;

/// A text's shingles, packed: what the Jaccard similarity of two texts is taken from.
///
/// Up to {@value #MOST} hashes are all kept, and the similarity is that of the texts but for
/// accidents of hashing: a foreign shingle looks shared with probability below 1/256. Of more, the
/// {@value #MOST} smallest are kept, a fair sample of the text; the similarity is then an estimate
/// with a standard deviation of at most 0.016, 0.0125 at 0.8.
///
/// A kept hash is cut to its leading bits, eight more than it takes to number the text's shingles.
/// The last eight of these are a byte of their own; those before them rise, and are a bitmap in
/// which a zero is a step up and a one is a hash (Elias-Fano). That takes about 1.3 bytes a hash.
///
/// ```
/// shingles of the text (4) | hashes kept (2) | last bytes | bitmap
/// ```
final class Sketch {
  static final int MOST = 1024;
  private static final int HEADER = 6;
  private static final int LOW_BITS = 8;

  private Sketch() {}

  /// Packs shingles, which are distinct and ascend.
  static byte[] pack(int[] shingles) {
    int kept = Math.min(shingles.length, MOST);
    int cut = cut(shingles.length);
    int steps = kept == 0 ? 0 : shingles[kept - 1] >>> cut >>> LOW_BITS;
    byte[] packed = new byte[HEADER + kept + (steps + kept + 7) / 8];
    ByteBuffer.wrap(packed).putInt(shingles.length).putShort((short) kept);
    int bitmap = HEADER + kept;
    for (int i = 0; i < kept; i++) {
      int value = shingles[i] >>> cut;
      packed[HEADER + i] = (byte) value;
      int bit = (value >>> LOW_BITS) + i;
      packed[bitmap + bit / 8] |= (byte) (1 << bit % 8);
    }
    return packed;
  }

  /// The Jaccard similarity of two texts, from their sketches in these buffers.
  static double similarity(ByteBuffer one, ByteBuffer other) {
    return similarity(new Opened(one), new Opened(other));
  }

  /// The similarity if it can be `least` or more; any smaller number otherwise.
  static double similarity(Opened one, Opened other, double least) {
    double most =
        (double) Math.min(one.shingles, other.shingles) / Math.max(one.shingles, other.shingles);
    return most < least ? 0 : similarity(one, other);
  }

  private static double similarity(Opened one, Opened other) {
    int cut = Math.max(one.cut, other.cut);
    int shiftOne = cut - one.cut;
    int shiftOther = cut - other.cut;
    int[] a = one.values;
    int[] b = other.values;
    // Beyond its largest hash a sample says nothing of its text.
    int limit = Math.min(one.limit() >>> shiftOne, other.limit() >>> shiftOther);
    int i = 0;
    int j = 0;
    int shared = 0;
    int all = 0;
    while (true) {
      int x = i < one.kept ? a[i] >>> shiftOne : Integer.MAX_VALUE;
      int y = j < other.kept ? b[j] >>> shiftOther : Integer.MAX_VALUE;
      int next = Math.min(x, y);
      if (next > limit || next == Integer.MAX_VALUE) {
        return all == 0 ? 0 : (double) shared / all;
      }
      all++;
      if (x == y) {
        shared++;
      }
      if (x == next) {
        i++;
      }
      if (y == next) {
        j++;
      }
    }
  }

  private static int cut(int shingles) {
    int bits = LOW_BITS + Integer.SIZE - Integer.numberOfLeadingZeros(Math.max(1, shingles - 1));
    return Math.max(0, Shingles.BITS - bits);
  }

  /// A sketch unpacked; one may be filled again and again.
  static final class Opened {
    private final int[] values = new int[MOST];
    private int kept;
    private int shingles;
    private int cut;

    Opened() {}

    Opened(ByteBuffer packed) {
      open(packed);
    }

    /// Shingles of the text.
    int shingles() {
      return shingles;
    }

    /// Unpacks what lies between the buffer's position and its limit, and moves neither.
    void open(ByteBuffer packed) {
      int at = packed.position();
      shingles = packed.getInt(at);
      kept = packed.getShort(at + 4);
      cut = Sketch.cut(shingles);
      int low = at + HEADER;
      int bitmap = low + kept;
      int i = 0;
      for (int from = 0; i < kept; from += 8) {
        int bits = packed.get(bitmap + from / 8) & 0xff;
        while (bits != 0) {
          int high = from + Integer.numberOfTrailingZeros(bits) - i;
          values[i] = (high << LOW_BITS) | (packed.get(low + i) & 0xff);
          i++;
          bits &= bits - 1;
        }
      }
    }

    private int limit() {
      return kept < shingles ? values[kept - 1] : Integer.MAX_VALUE;
    }
  }
}
