package dev.tidemill.curator.domain.near;

import java.util.Arrays;
import java.util.Objects;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// Entries by slot, in order of age.
final class Slots {
  private static final int NONE = -1;
  // Of an array: its header, and half of what rounding up to eight bytes adds.
  private static final int ARRAY_BYTES = 16;

  private byte[] @Nullable [] entries = new byte[0][];
  private int[] newer = new int[0];
  private int[] older = new int[0];
  private int oldest = NONE;
  private int newest = NONE;
  private int size;
  private long entryBytes;
  // Slots below this number were used before; of these, the free ones are linked through `newer`.
  private int used;
  private int free = NONE;

  int size() {
    return size;
  }

  byte[] entry(int slot) {
    return Objects.requireNonNull(entries[slot], "a slot in use has an entry");
  }

  /// The slot of the oldest entry; -1 when there is none.
  int oldest() {
    return oldest;
  }

  /// A slot without an entry, which may be one more than there are.
  int vacant() {
    if (free == NONE) {
      return used;
    }
    int slot = free;
    free = newer[slot];
    return slot;
  }

  /// Puts an entry, the newest, into a slot without one.
  void add(int slot, byte[] entry) {
    used = Math.max(used, slot + 1);
    entries[slot] = entry;
    older[slot] = newest;
    newer[slot] = NONE;
    if (newest == NONE) {
      oldest = slot;
    } else {
      newer[newest] = slot;
    }
    newest = slot;
    size++;
    entryBytes += entry.length + ARRAY_BYTES;
  }

  /// Takes the entry out of a slot.
  void remove(int slot) {
    entryBytes -= entry(slot).length + ARRAY_BYTES;
    entries[slot] = null;
    if (older[slot] == NONE) {
      oldest = newer[slot];
    } else {
      newer[older[slot]] = newer[slot];
    }
    if (newer[slot] == NONE) {
      newest = older[slot];
    } else {
      older[newer[slot]] = older[slot];
    }
    size--;
  }

  /// Offers all slots that were passed over while entries were put where they had been before.
  void vacateRest() {
    for (int slot = used - 1; slot >= 0; slot--) {
      if (entries[slot] == null) {
        vacate(slot);
      }
    }
  }

  /// Offers a slot without an entry to whoever asks next.
  void vacate(int slot) {
    newer[slot] = free;
    free = slot;
  }

  void grow(int capacity) {
    entries = Arrays.copyOf(entries, capacity);
    newer = Arrays.copyOf(newer, capacity);
    older = Arrays.copyOf(older, capacity);
  }

  /// From the oldest to the newest.
  void eachByAge(IntConsumer each) {
    for (int slot = oldest; slot != NONE; slot = newer[slot]) {
      each.accept(slot);
    }
  }

  long bytes() {
    return entryBytes + (long) Integer.BYTES * 3 * entries.length;
  }
}
