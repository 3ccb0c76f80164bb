package dev.tidemill.ingest.domain;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Tells whether bytes are sound UTF-8, eight at a time where they are ASCII. Jackson would guess
/// UTF-16 and UTF-32, and let some broken UTF-8 pass.
final class Utf8 {

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long HIGH_BITS = 0x8080_8080_8080_8080L;

  private Utf8() {}

  /// Whether the bytes from `from` to before `to` are sound by themselves.
  static boolean sound(byte[] bytes, int from, int to) {
    int i = from;
    while (i < to) {
      if (i + Long.BYTES <= to && ((long) LONG.get(bytes, i) & HIGH_BITS) == 0) {
        i += Long.BYTES;
        continue;
      }
      int length = length(bytes, i, to);
      if (length == 0) {
        return false;
      }
      i += length;
    }
    return true;
  }

  /// Bytes of the character at `i`; 0 when there is none.
  private static int length(byte[] bytes, int i, int to) {
    int first = bytes[i] & 0xFF;
    if (first < 0x80) {
      return 1;
    }
    int length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || i + length > to) {
      return 0;
    }
    for (int k = 1; k < length; k++) {
      if ((bytes[i + k] & 0xC0) != 0x80) {
        return 0;
      }
    }
    int second = bytes[i + 1] & 0xFF;
    boolean canonical =
        switch (first) {
          case 0xE0 -> second >= 0xA0; // else it would fit into two bytes
          case 0xED -> second < 0xA0; // else half a surrogate pair
          case 0xF0 -> second >= 0x90; // else it would fit into three bytes
          case 0xF4 -> second < 0x90; // else beyond U+10FFFF
          default -> true;
        };
    return canonical ? length : 0;
  }
}
