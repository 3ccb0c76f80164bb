package dev.tidemill.curator.domain.near;

import java.util.Arrays;

/// The hashes of a text's word 5-grams, by which texts are compared.
///
/// A word is a run of letters, digits and marks in lower case; what lies between words counts for
/// nothing, nor do characters that nobody sees. In scripts written without spaces each character
/// is a word.
public final class Shingles {
  /// Words in a shingle.
  public static final int WORDS = 5;

  /// A hash has so many bits, and none of them is a sign.
  static final int BITS = 31;

  private static final long FNV_OFFSET = 0xcbf29ce484222325L;
  private static final long FNV_PRIME = 0x100000001b3L;
  private static final long BASE = 0x9e3779b97f4a7c15L;
  private static final long OLDEST = power(BASE, WORDS);

  // The lower-case form of an ASCII letter or digit; 0 for all other ASCII characters.
  private static final byte[] ASCII = ascii();

  private int[] hashes;
  private int count;
  private final long[] ring = new long[WORDS];
  private long rolling;
  private int words;

  private Shingles(int expected) {
    hashes = new int[expected];
  }

  /// The distinct hashes in ascending order; empty for a text of fewer than five words.
  public static int[] of(String text) {
    Shingles shingles = new Shingles(text.length() / 6 + 16);
    shingles.read(text);
    return shingles.distinct();
  }

  private void read(String text) {
    long word = FNV_OFFSET;
    boolean inWord = false;
    int length = text.length();
    for (int i = 0; i < length; i++) {
      int c = text.charAt(i);
      if (c < ASCII.length) {
        c = ASCII[c];
      } else {
        int point = text.codePointAt(i);
        i += Character.charCount(point) - 1;
        if (Character.isIdentifierIgnorable(point)) {
          continue;
        }
        if (unspaced(point)) {
          if (inWord) {
            add(word);
          }
          add((FNV_OFFSET ^ point) * FNV_PRIME);
          word = FNV_OFFSET;
          inWord = false;
          continue;
        }
        c = Character.isUnicodeIdentifierPart(point) ? Character.toLowerCase(point) : 0;
      }
      if (c != 0) {
        word = (word ^ c) * FNV_PRIME;
        inWord = true;
      } else if (inWord) {
        add(word);
        word = FNV_OFFSET;
        inWord = false;
      }
    }
    if (inWord) {
      add(word);
    }
  }

  private void add(long word) {
    long mixed = mix(word);
    int at = words % WORDS;
    rolling = rolling * BASE + mixed - ring[at] * OLDEST;
    ring[at] = mixed;
    words++;
    if (words >= WORDS) {
      if (count == hashes.length) {
        hashes = Arrays.copyOf(hashes, count * 2);
      }
      hashes[count++] = (int) (mix(rolling) >>> (Long.SIZE - BITS));
    }
  }

  private int[] distinct() {
    Arrays.sort(hashes, 0, count);
    int kept = 0;
    for (int i = 0; i < count; i++) {
      if (kept == 0 || hashes[i] != hashes[kept - 1]) {
        hashes[kept++] = hashes[i];
      }
    }
    return Arrays.copyOf(hashes, kept);
  }

  // Thai, Lao, Burmese, Khmer, kana, and all ideographs.
  private static boolean unspaced(int point) {
    return (point >= 0x0E00 && point <= 0x0EFF)
        || (point >= 0x1000 && point <= 0x109F)
        || (point >= 0x1780 && point <= 0x17FF)
        || (point >= 0x3041 && point <= 0x30FF)
        || Character.isIdeographic(point);
  }

  /// The finaliser of MurmurHash3, which spreads each bit of what goes in over all that come out.
  static long mix(long value) {
    long mixed = (value ^ (value >>> 33)) * 0xff51afd7ed558ccdL;
    mixed = (mixed ^ (mixed >>> 33)) * 0xc4ceb9fe1a85ec53L;
    return mixed ^ (mixed >>> 33);
  }

  private static long power(long base, int exponent) {
    long power = 1;
    for (int i = 0; i < exponent; i++) {
      power *= base;
    }
    return power;
  }

  private static byte[] ascii() {
    byte[] table = new byte[128];
    for (char c = 0; c < table.length; c++) {
      if (Character.isLetterOrDigit(c) || c == '_') {
        table[c] = (byte) Character.toLowerCase(c);
      }
    }
    return table;
  }
}
