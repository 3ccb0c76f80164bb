package dev.tidemill.curator.domain.near;

import java.nio.ByteBuffer;

/// What the index needs of a text, in the form that topics and state carry: the hashes of its
/// {@link Bands}, then its {@link Sketch}.
public final class Fingerprint {
  static final int BANDS_BYTES = Bands.COUNT * Integer.BYTES;

  private final byte[] bytes;

  private Fingerprint(byte[] bytes) {
    this.bytes = bytes;
  }

  /// The fingerprint of a text.
  public static Fingerprint of(String text) {
    int[] shingles = Shingles.of(text);
    byte[] sketch = Sketch.pack(shingles);
    ByteBuffer packed = ByteBuffer.allocate(BANDS_BYTES + sketch.length);
    for (int band : Bands.of(shingles)) {
      packed.putInt(band);
    }
    packed.put(sketch);
    return new Fingerprint(packed.array());
  }

  /// The fingerprint that these bytes are.
  public static Fingerprint ofBytes(byte[] bytes) {
    return new Fingerprint(bytes);
  }

  /// Its bytes, which are not to be changed.
  public byte[] bytes() {
    return bytes;
  }

  /// Distinct word 5-grams of the text.
  public int shingles() {
    return ByteBuffer.wrap(bytes).getInt(BANDS_BYTES);
  }

  /// How alike the two texts are: the word 5-grams they share among all they have, from 0 to 1.
  public double similarity(Fingerprint other) {
    return Sketch.similarity(sketch(), other.sketch());
  }

  int band(int index) {
    return ByteBuffer.wrap(bytes).getInt(index * Integer.BYTES);
  }

  ByteBuffer sketch() {
    return ByteBuffer.wrap(bytes, BANDS_BYTES, bytes.length - BANDS_BYTES);
  }
}
