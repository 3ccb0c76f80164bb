package dev.tidemill.curator.domain.near;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// The bytes that are kept of one document, in state and changelog alike, and how they are read in
/// place.
///
/// ```
/// form (1) | held out (1) | when (8) | hash of key (8) | hash of subject (8)
/// | bands | length of id (2) | id | sketch
/// ```
final class NearEntry {
  private static final byte FORM = 1;
  private static final int WHEN = 2;
  private static final int KEY = 10;
  private static final int SUBJECT = 18;
  private static final int BANDS = 26;
  private static final int ID = BANDS + Fingerprint.BANDS_BYTES;
  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private NearEntry() {}

  static byte[] of(NearDocument document, long when) {
    byte[] id = document.id().getBytes(StandardCharsets.UTF_8);
    byte[] fingerprint = document.fingerprint().bytes();
    return ByteBuffer.allocate(ID + Short.BYTES + id.length + fingerprint.length - (ID - BANDS))
        .put(FORM)
        .put((byte) (document.heldOut() ? 1 : 0))
        .putLong(when)
        .putLong(document.keyHash())
        .putLong(document.subjectHash())
        .put(fingerprint, 0, Fingerprint.BANDS_BYTES)
        .putShort((short) id.length)
        .put(id)
        .put(fingerprint, Fingerprint.BANDS_BYTES, fingerprint.length - Fingerprint.BANDS_BYTES)
        .array();
  }

  /// Refuses bytes of another form: nobody but this class writes them.
  static void check(byte[] entry) {
    if (entry.length < ID || entry[0] != FORM) {
      throw new IllegalStateException(
          "an entry of near duplicates has form "
              + (entry.length == 0 ? "none" : entry[0])
              + ", which is unknown");
    }
  }

  static boolean heldOut(byte[] entry) {
    return entry[1] != 0;
  }

  static long when(byte[] entry) {
    return (long) LONGS.get(entry, WHEN);
  }

  static long keyHash(byte[] entry) {
    return (long) LONGS.get(entry, KEY);
  }

  /// 0 when nobody stands behind the document.
  static long subjectHash(byte[] entry) {
    return (long) LONGS.get(entry, SUBJECT);
  }

  static int band(byte[] entry, int band) {
    return (int) INTS.get(entry, BANDS + band * Integer.BYTES);
  }

  static String id(byte[] entry) {
    return new String(entry, ID + Short.BYTES, idLength(entry), StandardCharsets.UTF_8);
  }

  static boolean hasId(byte[] entry, byte[] id) {
    int from = ID + Short.BYTES;
    return Arrays.equals(entry, from, from + idLength(entry), id, 0, id.length);
  }

  static int idHash(byte[] entry) {
    int hash = 1;
    int from = ID + Short.BYTES;
    int to = from + idLength(entry);
    for (int i = from; i < to; i++) {
      hash = 31 * hash + entry[i];
    }
    return hash;
  }

  static ByteBuffer sketch(byte[] entry) {
    int from = ID + Short.BYTES + idLength(entry);
    return ByteBuffer.wrap(entry, from, entry.length - from);
  }

  private static int idLength(byte[] entry) {
    return ((entry[ID] & 0xff) << 8) | (entry[ID + 1] & 0xff);
  }
}
