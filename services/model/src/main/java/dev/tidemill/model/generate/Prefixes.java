package dev.tidemill.model.generate;

import dev.tidemill.model.generate.KvPool.Region;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Prompts whose keys and values are in the pool, of sequences under way and of some that have
/// ended: who begins with the same tokens under the same adapter need not read them again.
///
/// What is shared is whole chunks, or a whole prompt: those were computed by the very same calls
/// that would be made again, so the answer is the same to the bit.
final class Prefixes {
  /// Prompts of ended sequences that are kept at most.
  private static final int KEPT = 256;

  private final int chunk;
  private final List<Entry> entries = new ArrayList<>();

  Prefixes(int chunk) {
    this.chunk = chunk;
  }

  /// A prompt in the pool.
  static final class Entry {
    private final String scope;
    private final int[] prompt;
    private final Region region;
    private final int capacity;
    private int read;
    private float @Nullable [] logits;
    private boolean live = true;

    private Entry(String scope, int[] prompt, Region region, int capacity) {
      this.scope = scope;
      this.prompt = prompt;
      this.region = region;
      this.capacity = capacity;
    }

    Region region() {
      return region;
    }

    int capacity() {
      return capacity;
    }

    /// Tokens have been read, the last of them giving these logits.
    void read(int tokens, float @Nullable [] logitsAfter) {
      read = tokens;
      logits = logitsAfter;
    }
  }

  /// What of a prompt need not be read.
  ///
  /// @param logits after it, when it is the whole prompt
  @SuppressWarnings("ArrayRecordComponent") // read-only by agreement
  record Match(Entry entry, int tokens, float @Nullable [] logits) {}

  Entry add(String scope, int[] prompt, Region region, int capacity) {
    Entry entry = new Entry(scope, prompt, region, capacity);
    entries.add(entry);
    return entry;
  }

  /// The longest beginning of a prompt that is there.
  Optional<Match> longest(String scope, int[] prompt) {
    @Nullable Match best = null;
    for (Entry entry : entries) {
      if (entry.scope.equals(scope)) {
        Match match = match(entry, prompt);
        if (match.tokens > 0 && (best == null || match.tokens > best.tokens)) {
          best = match;
        }
      }
    }
    if (best != null) {
      // The used last are kept longest.
      entries.remove(best.entry);
      entries.add(best.entry);
    }
    return Optional.ofNullable(best);
  }

  private Match match(Entry entry, int[] prompt) {
    int common = Arrays.mismatch(entry.prompt, prompt);
    if (common < 0 && entry.logits != null) {
      return new Match(entry, prompt.length, entry.logits);
    }
    int most = Math.min(common < 0 ? prompt.length : common, entry.read);
    // The last chunk is read even where it is known: its logits are wanted.
    int whole = Math.min(most, prompt.length - 1) / chunk * chunk;
    return new Match(entry, whole, null);
  }

  /// The sequence of a prompt has ended: it is kept when it has a whole chunk; less is read faster
  /// than it is worth its place.
  ///
  /// @return the regions that nobody needs any more
  List<Region> ended(Entry entry) {
    entry.live = false;
    boolean useful = entry.read >= chunk;
    boolean known =
        entries.stream()
            .anyMatch(
                other ->
                    other != entry
                        && other.scope.equals(entry.scope)
                        && other.read >= entry.read
                        && Arrays.equals(other.prompt, entry.prompt));
    List<Region> unwanted = new ArrayList<>();
    if (!useful || known) {
      entries.remove(entry);
      unwanted.add(entry.region);
    }
    long kept = entries.stream().filter(each -> !each.live).count();
    for (; kept > KEPT; kept--) {
      oldest().ifPresent(unwanted::add);
    }
    return unwanted;
  }

  /// Forgets the prompt that was used the longest time ago and that no sequence stands on.
  Optional<Region> oldest() {
    for (Entry entry : entries) {
      if (!entry.live) {
        entries.remove(entry);
        return Optional.of(entry.region);
      }
    }
    return Optional.empty();
  }
}
