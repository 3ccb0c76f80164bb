package dev.tidemill.curator.text;

import java.util.Arrays;

/// A growing set of longs without boxes.
final class LongSet {
  private long[] slots = new long[16];
  private int size;
  private boolean zero;

  /// Adds a value; false when it was there.
  boolean add(long value) {
    if (value == 0) {
      boolean added = !zero;
      zero = true;
      return added;
    }
    if (2 * size >= slots.length) {
      long[] old = slots;
      slots = new long[2 * old.length];
      Arrays.stream(old).filter(v -> v != 0).forEach(this::put);
    }
    boolean added = put(value);
    size += added ? 1 : 0;
    return added;
  }

  private boolean put(long value) {
    int at = (int) (value ^ (value >>> 32)) & (slots.length - 1);
    while (slots[at] != 0) {
      if (slots[at] == value) {
        return false;
      }
      at = (at + 1) & (slots.length - 1);
    }
    slots[at] = value;
    return true;
  }
}
