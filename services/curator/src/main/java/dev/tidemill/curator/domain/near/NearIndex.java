package dev.tidemill.curator.domain.near;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/// The documents of a window of time, found by what their texts are nearly the same as.
///
/// Each document has a slot, and its entry is one value of a storage that outlives the index. On
/// the heap it is on a chain for each of its bands, for its key and for its id. The work for one
/// document is bounded, also when thousands share a band: of each band the newest
/// {@value #MOST_CANDIDATES} documents are compared.
public final class NearIndex {
  /// Documents of one band that are compared.
  static final int MOST_CANDIDATES = 32;

  // Links of one chain that are looked at; strangers are on it too.
  private static final int MOST_LINKS = 4 * MOST_CANDIDATES;
  private static final int KEY = Bands.COUNT;
  private static final int ID = Bands.COUNT + 1;
  private static final int WIDTH = Bands.COUNT + 2;
  private static final int FEWEST_SLOTS = 1024;
  private static final int NONE = Chains.NONE;

  /// Keeps the entries by slot.
  public interface Storage {
    void put(int slot, byte[] entry);

    void delete(int slot);

    /// Shows all that is kept.
    void each(Visitor visitor);

    /// Is shown an entry.
    interface Visitor {
      void visit(int slot, byte[] entry);
    }
  }

  private final Storage storage;
  private final int most;
  private final long windowMillis;
  private final Slots slots = new Slots();
  private Chains chains = new Chains(1, WIDTH);
  // By slot, the number of the search that saw it last.
  private int[] seen = new int[0];
  private int search;
  private final Sketch.Opened wanted = new Sketch.Opened();
  private final Sketch.Opened candidate = new Sketch.Opened();

  /// An index over what the storage keeps.
  ///
  /// @param most documents that are kept; the oldest goes first
  /// @param windowMillis how long a document is kept
  public NearIndex(int most, long windowMillis, Storage storage) {
    this.most = most;
    this.windowMillis = windowMillis;
    this.storage = storage;
    List<Map.Entry<Integer, byte[]>> stored = new ArrayList<>();
    storage.each(
        (slot, entry) -> {
          NearEntry.check(entry);
          stored.add(Map.entry(slot, entry));
        });
    stored.sort(Comparator.comparingLong(one -> NearEntry.when(one.getValue())));
    reserve(stored.stream().mapToInt(Map.Entry::getKey).max().orElse(-1) + 1);
    stored.forEach(one -> add(one.getKey(), one.getValue()));
    slots.vacateRest();
    while (slots.size() > most) {
      forgetSlot(slots.oldest());
    }
  }

  /// The document of another key that this one is nearly the same as, if there is one.
  ///
  /// When only one of both is held out that is all there is to say, since a text of the holdout
  /// must not train. Otherwise a document that is at least as close to its own predecessor is that
  /// one's revision, and no copy.
  ///
  /// @param least similarity that makes a near duplicate
  public @Nullable NearMatch nearest(NearDocument document, double least) {
    wanted.open(document.fingerprint().sketch());
    search++;
    int best = NONE;
    double bestSimilarity = 0;
    boolean bestAcross = false;
    for (int band = 0; band < Bands.COUNT; band++) {
      int hash = document.fingerprint().band(band);
      int links = MOST_LINKS;
      int candidates = MOST_CANDIDATES;
      for (int link = chains.first(band, hash);
          link != NONE && links > 0 && candidates > 0;
          link = chains.next(link), links--) {
        int slot = chains.slot(link);
        if (!chains.isOf(link, band) || NearEntry.band(slots.entry(slot), band) != hash) {
          continue;
        }
        candidates--;
        if (seen[slot] == search) {
          continue;
        }
        seen[slot] = search;
        byte[] entry = slots.entry(slot);
        if (NearEntry.keyHash(entry) == document.keyHash()) {
          continue;
        }
        double similarity = similarity(entry, least);
        boolean across = NearEntry.heldOut(entry) != document.heldOut();
        boolean better = across == bestAcross ? similarity > bestSimilarity : across;
        if (similarity >= least && better) {
          best = slot;
          bestSimilarity = similarity;
          bestAcross = across;
        }
      }
    }
    if (best == NONE || (!bestAcross && revises(document.keyHash(), bestSimilarity))) {
      return null;
    }
    return new NearMatch(NearEntry.id(slots.entry(best)), bestSimilarity);
  }

  /// Keeps a document, in place of the one of its key.
  public void put(NearDocument document, long now) {
    int slot = slotOf(document.keyHash());
    if (slot == NONE && slots.size() >= most) {
      slot = slots.oldest();
    }
    if (slot == NONE) {
      slot = slots.vacant();
      reserve(slot + 1);
    } else {
      take(slot);
    }
    byte[] entry = NearEntry.of(document, now);
    storage.put(slot, entry);
    add(slot, entry);
  }

  /// Forgets the document of a key.
  public void forget(long keyHash) {
    int slot = slotOf(keyHash);
    if (slot != NONE) {
      forgetSlot(slot);
    }
  }

  /// Forgets what has this id.
  ///
  /// @return how many documents had it
  public int remove(String id) {
    byte[] wantedId = id.getBytes(StandardCharsets.UTF_8);
    int hash = Arrays.hashCode(wantedId);
    List<Integer> found = new ArrayList<>();
    for (int link = chains.first(ID, hash); link != NONE; link = chains.next(link)) {
      int slot = chains.slot(link);
      if (chains.isOf(link, ID) && NearEntry.hasId(slots.entry(slot), wantedId)) {
        found.add(slot);
      }
    }
    found.forEach(this::forgetSlot);
    return found.size();
  }

  /// Forgets the documents of subjects whose hash the test is true of.
  public void forgetSubjects(LongPredicate subjectHash) {
    List<Integer> found = new ArrayList<>();
    slots.eachByAge(
        slot -> {
          long hash = NearEntry.subjectHash(slots.entry(slot));
          if (hash != 0 && subjectHash.test(hash)) {
            found.add(slot);
          }
        });
    found.forEach(this::forgetSlot);
  }

  /// Forgets what is too old.
  public void expire(long now) {
    while (slots.size() > 0 && NearEntry.when(slots.entry(slots.oldest())) <= now - windowMillis) {
      forgetSlot(slots.oldest());
    }
  }

  /// Documents kept.
  public int size() {
    return slots.size();
  }

  /// Bytes of heap that entries and index take, without what the storage needs besides.
  public long bytes() {
    return slots.bytes() + chains.bytes() + (long) Integer.BYTES * seen.length;
  }

  private double similarity(byte[] entry, double least) {
    candidate.open(NearEntry.sketch(entry));
    return Sketch.similarity(wanted, candidate, least);
  }

  private boolean revises(long keyHash, double least) {
    int own = slotOf(keyHash);
    return own != NONE && similarity(slots.entry(own), least) >= least;
  }

  private int slotOf(long keyHash) {
    int link = chains.first(KEY, (int) keyHash);
    while (link != NONE
        && !(chains.isOf(link, KEY)
            && NearEntry.keyHash(slots.entry(chains.slot(link))) == keyHash)) {
      link = chains.next(link);
    }
    return link == NONE ? NONE : chains.slot(link);
  }

  private void forgetSlot(int slot) {
    take(slot);
    slots.vacate(slot);
    storage.delete(slot);
  }

  private void take(int slot) {
    chains.unlink(slot);
    slots.remove(slot);
  }

  private void add(int slot, byte[] entry) {
    slots.add(slot, entry);
    link(slot, entry);
  }

  private void link(int slot, byte[] entry) {
    for (int band = 0; band < Bands.COUNT; band++) {
      chains.link(slot, band, NearEntry.band(entry, band));
    }
    chains.link(slot, KEY, (int) NearEntry.keyHash(entry));
    chains.link(slot, ID, NearEntry.idHash(entry));
  }

  // Chains are made anew each time the slots double: a pause that grows with the documents, but
  // comes half as often each time.
  private void reserve(int wantedSlots) {
    if (wantedSlots <= seen.length) {
      return;
    }
    int doubled = (int) Math.min(most, Math.max(FEWEST_SLOTS, 2L * seen.length));
    int capacity = Math.max(wantedSlots, doubled);
    seen = Arrays.copyOf(seen, capacity);
    slots.grow(capacity);
    chains = new Chains(capacity, WIDTH);
    slots.eachByAge(slot -> link(slot, slots.entry(slot)));
  }
}
