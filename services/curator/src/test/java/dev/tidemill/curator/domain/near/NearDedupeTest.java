package dev.tidemill.curator.domain.near;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Recall and false positives on originals with planted edits, against the exact similarity of the
/// words.
class NearDedupeTest {
  private static final double LEAST = 0.8;
  private static final double[] SHARES = {
    0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4
  };

  private final MapStorage storage = new MapStorage();
  private final NearIndex index = new NearIndex(100_000, Duration.ofDays(1).toMillis(), storage);

  @Test
  void documents_of_two_kilobytes() {
    measure(4_000, 330, LEAST, 1);
  }

  @Test
  void short_documents() {
    measure(1_000, 60, LEAST, 2);
  }

  @Test
  void documents_longer_than_a_sketch() {
    // Their similarity is an estimate, so that around the least either answer is right.
    measure(300, 4_000, LEAST - 0.05, 3);
  }

  // A refused document is a false positive when its true similarity is below `wrongBelow`.
  private void measure(int originals, int words, double wrongBelow, long seed) {
    Prose prose = new Prose(seed);
    List<List<String>> first = new ArrayList<>();
    for (int i = 0; i < originals; i++) {
      first.add(prose.words(words));
    }
    int similar = 0;
    int found = 0;
    int others = 0;
    int wrong = 0;
    for (int i = 0; i < originals; i++) {
      others++;
      if (refused("original " + i, first.get(i), prose) != null) {
        wrong++;
      }
    }
    for (int i = 0; i < originals; i++) {
      double share = SHARES[i % SHARES.length];
      List<String> edit = prose.edited(first.get(i), share);
      double similarity = Prose.similarity(first.get(i), edit);
      @Nullable NearMatch match = refused("edit " + i, edit, prose);
      if (similarity >= LEAST) {
        similar++;
        if (match != null) {
          found++;
          assertThat(match.id()).isEqualTo("original " + i);
        }
      } else if (similarity < wrongBelow) {
        others++;
        wrong += match == null ? 0 : 1;
      }
    }
    double recall = (double) found / similar;
    double falsePositives = (double) wrong / others;
    System.out.printf(
        Locale.ROOT,
        "near duplicates of %d words: recall %.4f of %d, false positives %.5f of %d,"
            + " %d bytes a document%n",
        words,
        recall,
        similar,
        falsePositives,
        others,
        index.bytes() / index.size());
    assertThat(similar).isGreaterThan(originals / 20);
    assertThat(recall).isGreaterThanOrEqualTo(0.95);
    assertThat(falsePositives).isLessThanOrEqualTo(0.001);
  }

  // What the index says; what it does not refuse it learns.
  private @Nullable NearMatch refused(String id, List<String> words, Prose prose) {
    NearDocument document =
        new NearDocument(id, id.hashCode(), false, Fingerprint.of(prose.text(words)));
    @Nullable NearMatch match = index.nearest(document, LEAST);
    if (match == null) {
      index.put(document, index.size());
    } else {
      assertThat(match.similarity()).isGreaterThanOrEqualTo(LEAST);
    }
    return match;
  }
}
