package dev.tidemill.curator.domain.near;

import java.util.Arrays;

/// Hash chains in flat arrays, newest first: each slot is on `width` chains, one for each of its
/// hashes. Both directions are linked, so that a slot leaves its chains without walking them,
/// however long they are.
final class Chains {
  /// The end of a chain.
  static final int NONE = -1;

  private final int width;
  private final int[] heads;
  private final int[] next;
  // The link before, or, for the first of a chain, -1 less the number of the chain.
  private final int[] before;

  Chains(int slots, int width) {
    this.width = width;
    int links = Math.multiplyExact(slots, width);
    this.heads = new int[Integer.highestOneBit(Math.max(2, links))];
    this.next = new int[links];
    this.before = new int[links];
    Arrays.fill(heads, NONE);
  }

  /// Puts a slot first on the chain of its hash of this index.
  void link(int slot, int index, int hash) {
    int link = slot * width + index;
    int chain = chain(index, hash);
    int first = heads[chain];
    next[link] = first;
    before[link] = -1 - chain;
    if (first != NONE) {
      before[first] = link;
    }
    heads[chain] = link;
  }

  /// Takes a slot off all its chains.
  void unlink(int slot) {
    for (int link = slot * width; link < (slot + 1) * width; link++) {
      int after = next[link];
      int prior = before[link];
      if (prior < 0) {
        heads[-1 - prior] = after;
      } else {
        next[prior] = after;
      }
      if (after != NONE) {
        before[after] = prior;
      }
    }
  }

  /// The newest link on the chain of a hash of this index, or [#NONE]. Links of other hashes lie on
  /// it too.
  int first(int index, int hash) {
    return heads[chain(index, hash)];
  }

  /// The next older link.
  int next(int link) {
    return next[link];
  }

  int slot(int link) {
    return link / width;
  }

  /// Whether the link is that of a hash of this index.
  boolean isOf(int link, int index) {
    return link % width == index;
  }

  long bytes() {
    return Integer.BYTES * ((long) heads.length + next.length + before.length);
  }

  private int chain(int index, int hash) {
    return (int) Shingles.mix(((long) index << Integer.SIZE) ^ hash) & (heads.length - 1);
  }
}
