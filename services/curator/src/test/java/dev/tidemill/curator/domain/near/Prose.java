package dev.tidemill.curator.domain.near;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;

/// Texts with words as frequent as in a language, edits of them, and their true similarity.
final class Prose {
  private static final int VOCABULARY = 20_000;

  private final SplittableRandom random;
  private final List<String> vocabulary = new ArrayList<>();

  Prose(long seed) {
    random = new SplittableRandom(seed);
    String[] syllables = {
      "ka", "lo", "mi", "ra", "te", "su", "no", "vi", "pe", "da", "ur", "en", "si", "to", "al"
    };
    for (int i = 0; i < VOCABULARY; i++) {
      StringBuilder word = new StringBuilder();
      for (int rest = i; rest > 0 || word.isEmpty(); rest /= syllables.length) {
        word.append(syllables[rest % syllables.length]);
      }
      vocabulary.add(word.toString());
    }
  }

  List<String> words(int count) {
    List<String> words = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      words.add(word());
    }
    return words;
  }

  /// With this share of its words replaced, taken out, doubled or swapped with the next.
  List<String> edited(List<String> words, double share) {
    List<String> edited = new ArrayList<>(words);
    for (int edits = (int) Math.max(1, Math.round(share * words.size())); edits > 0; edits--) {
      int at = random.nextInt(edited.size() - 1);
      switch (random.nextInt(4)) {
        case 0 -> edited.set(at, word());
        case 1 -> edited.remove(at);
        case 2 -> edited.add(at, word());
        default -> edited.set(at, edited.set(at + 1, edited.get(at)));
      }
    }
    return edited;
  }

  String text(List<String> words) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      boolean starts = i % 12 == 0;
      text.append(starts ? word.substring(0, 1).toUpperCase(Locale.ROOT) : word.substring(0, 1))
          .append(word, 1, word.length())
          .append(i % 12 == 11 ? ". " : i % 5 == 4 ? ", " : " ");
    }
    return text.toString().strip();
  }

  /// The exact share of word 5-grams that both have among all that either has.
  static double similarity(List<String> one, List<String> other) {
    Set<List<String>> first = grams(one);
    Set<List<String>> second = grams(other);
    Set<List<String>> shared = new HashSet<>(first);
    shared.retainAll(second);
    return (double) shared.size() / (first.size() + second.size() - shared.size());
  }

  // Zipf: the n-th word comes 1/n as often as the first.
  private String word() {
    return vocabulary.get((int) Math.exp(random.nextDouble() * Math.log(VOCABULARY)) - 1);
  }

  private static Set<List<String>> grams(List<String> words) {
    Set<List<String>> grams = new HashSet<>();
    for (int i = 0; i + Shingles.WORDS <= words.size(); i++) {
      grams.add(List.copyOf(words.subList(i, i + Shingles.WORDS)));
    }
    return grams;
  }
}
