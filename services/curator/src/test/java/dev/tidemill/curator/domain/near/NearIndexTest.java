package dev.tidemill.curator.domain.near;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class NearIndexTest {
  private static final double LEAST = 0.8;

  private final Prose prose = new Prose(7);
  private final MapStorage storage = new MapStorage();
  private NearIndex index = new NearIndex(100, 1_000, storage);
  private long now;

  @Test
  void a_copy_under_another_key_is_found_whatever_its_case_and_punctuation() {
    List<String> words = prose.words(60);
    put("a", "k1", words);
    Fingerprint spelt = Fingerprint.of(String.join(" -\u00AD ", words).toUpperCase(Locale.ROOT));
    assertThat(index.nearest(new NearDocument("b", "k2".hashCode(), false, spelt), LEAST))
        .isEqualTo(new NearMatch("a", 1));
  }

  @Test
  void a_revision_replaces_its_predecessor() {
    List<String> words = prose.words(200);
    put("a1", "a", words);
    List<String> revision = prose.edited(words, 0.005);
    assertThat(nearest("a2", "a", false, revision)).isNull();
    put("a2", "a", revision);
    assertThat(index.size()).isEqualTo(1);
    assertThat(id(nearest("b1", "b", false, words))).isEqualTo("a2");
  }

  @Test
  void a_revision_is_no_copy_of_a_text_it_resembles_less_than_its_predecessor() {
    List<String> words = prose.words(400);
    List<String> cousin = prose.edited(words, 0.02);
    assertThat(Prose.similarity(words, cousin)).isBetween(0.8, 0.95);
    put("a1", "a", words);
    put("b1", "b", cousin);
    assertThat(nearest("b2", "b", false, prose.edited(cousin, 0.001))).isNull();
    assertThat(id(nearest("b2", "b", false, words))).isEqualTo("a1");
    // The other side of the holdout is another matter.
    assertThat(id(nearest("b2", "b", true, prose.edited(cousin, 0.001)))).isEqualTo("a1");
  }

  @Test
  void a_text_is_found_on_both_sides_of_the_holdout() {
    List<String> words = prose.words(200);
    index.put(document("held", "h", true, words), now);
    assertThat(id(nearest("t", "t", false, words))).isEqualTo("held");
    assertThat(id(nearest("u", "u", true, words))).isEqualTo("held");
  }

  @Test
  void the_oldest_goes_first_by_number_and_by_time() {
    List<List<String>> texts = new ArrayList<>();
    for (int i = 0; i < 150; i++) {
      texts.add(prose.words(50));
      now = i;
      put("d" + i, "k" + i, texts.get(i));
    }
    assertThat(index.size()).isEqualTo(100);
    assertThat(storage.entries).hasSize(100);
    assertThat(nearest("x", "x", false, texts.get(49))).isNull();
    assertThat(id(nearest("x", "x", false, texts.get(50)))).isEqualTo("d50");
    index.expire(1_059);
    assertThat(index.size()).isEqualTo(90);
    assertThat(storage.entries).hasSize(90);
    assertThat(nearest("x", "x", false, texts.get(59))).isNull();
    assertThat(id(nearest("x", "x", false, texts.get(60)))).isEqualTo("d60");
  }

  @Test
  void an_erased_document_is_forgotten_by_its_id() {
    List<String> words = prose.words(50);
    put("a", "k1", words);
    put("b", "k2", prose.words(50));
    assertThat(index.remove("c")).isZero();
    assertThat(index.remove("a")).isEqualTo(1);
    assertThat(nearest("x", "x", false, words)).isNull();
    assertThat(storage.entries).hasSize(1);
  }

  @Test
  void a_crowd_of_alike_texts_costs_no_more_than_its_newest() {
    // Pairs are about 0.67 alike: thousands of them share each band, and none is a copy.
    NearIndex crowded = new NearIndex(100_000, 1_000, new MapStorage());
    List<String> template = prose.words(100);
    long begin = System.nanoTime();
    for (int i = 0; i < 5_000; i++) {
      List<String> words = new ArrayList<>(template);
      for (int j = 0; j < 4; j++) {
        words.set(5 + j, "w" + i);
      }
      words.addAll(prose.words(8));
      NearDocument document = document("d" + i, "k" + i, false, words);
      assertThat(crowded.nearest(document, LEAST)).isNull();
      crowded.put(document, i);
    }
    double micros = (System.nanoTime() - begin) / 5_000.0 / 1e3;
    System.out.printf("a document in a crowd of 5000 costs %.0f microseconds%n", micros);
    for (int i = 0; i < 5_000; i++) {
      crowded.forget(("k" + i).hashCode());
    }
    assertThat(crowded.size()).isZero();
  }

  @Test
  void any_history_gives_the_same_index_as_the_storage_restored() {
    SplittableRandom random = new SplittableRandom(11);
    Map<String, List<String>> kept = new HashMap<>();
    for (int i = 0; i < 2_000; i++) {
      now++;
      String key = "k" + random.nextInt(60);
      switch (random.nextInt(4)) {
        case 0 -> {
          index.forget(key.hashCode());
          kept.remove(key);
        }
        case 1 -> {
          assertThat(index.remove("id of " + key)).isEqualTo(kept.containsKey(key) ? 1 : 0);
          kept.remove(key);
        }
        default -> {
          List<String> words = prose.words(30);
          put("id of " + key, key, words);
          kept.put(key, words);
        }
      }
      if (i % 100 == 0) {
        index = new NearIndex(100, 10_000, storage);
      }
      assertThat(index.size()).isEqualTo(kept.size());
      assertThat(storage.entries).hasSize(kept.size());
    }
    kept.forEach(
        (key, words) -> assertThat(id(nearest("x", "x", false, words))).isEqualTo("id of " + key));
  }

  private void put(String id, String key, List<String> words) {
    index.put(document(id, key, false, words), now);
  }

  private @Nullable NearMatch nearest(String id, String key, boolean heldOut, List<String> words) {
    return index.nearest(document(id, key, heldOut, words), LEAST);
  }

  private NearDocument document(String id, String key, boolean heldOut, List<String> words) {
    return new NearDocument(id, key.hashCode(), heldOut, Fingerprint.of(prose.text(words)));
  }

  private static @Nullable String id(@Nullable NearMatch match) {
    return match == null ? null : match.id();
  }
}
