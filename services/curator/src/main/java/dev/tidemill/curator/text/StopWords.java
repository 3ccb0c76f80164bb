package dev.tidemill.curator.text;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The commonest words of languages: running text of a language has some of them, lists, tables and
/// machine output have not.
final class StopWords {
  /// Gopher's eight for English, and as many of the commonest for some others.
  static final Map<String, List<String>> DEFAULT = byDefault();

  private static final int MOST = 64;

  private final List<String> languages = new ArrayList<>();
  private final Map<String, List<Place>> places = new HashMap<>();
  private final int longest;

  /// Where a word stands: in the list of a language, at a bit.
  private record Place(int language, long bit) {}

  /// Refuses lists that are too long to be counted.
  static void check(Map<String, List<String>> lists) {
    lists.forEach(
        (language, words) -> {
          if (words.size() > MOST) {
            throw new IllegalArgumentException(
                "stop_words.%s must have at most %d words, has %d"
                    .formatted(language, MOST, words.size()));
          }
        });
  }

  /// @param lists words by language code
  StopWords(Map<String, List<String>> lists) {
    int longest = 0;
    for (Map.Entry<String, List<String>> list : lists.entrySet()) {
      int language = languages.size();
      languages.add(list.getKey());
      for (int i = 0; i < list.getValue().size(); i++) {
        String word = list.getValue().get(i).toLowerCase(Locale.ROOT);
        longest = Math.max(longest, word.length());
        places.computeIfAbsent(word, w -> new ArrayList<>()).add(new Place(language, 1L << i));
      }
    }
    this.longest = longest;
  }

  /// A fresh tally, for one text.
  Tally tally() {
    return new Tally(new long[languages.size()]);
  }

  /// Which of the words a text has.
  final class Tally {
    private final long[] seen;

    private Tally(long[] seen) {
      this.seen = seen;
    }

    void add(String text, int from, int to) {
      if (to - from > longest) {
        return;
      }
      @Nullable List<Place> found = places.get(text.substring(from, to).toLowerCase(Locale.ROOT));
      if (found != null) {
        for (Place place : found) {
          seen[place.language] |= place.bit;
        }
      }
    }

    /// Different stop words of each language's list.
    Map<String, Integer> distinct() {
      Map<String, Integer> distinct = new LinkedHashMap<>();
      for (int i = 0; i < seen.length; i++) {
        distinct.put(languages.get(i), Long.bitCount(seen[i]));
      }
      return distinct;
    }
  }

  private static Map<String, List<String>> byDefault() {
    Map<String, List<String>> lists = new LinkedHashMap<>();
    lists.put("en", List.of("the", "be", "to", "of", "and", "that", "have", "with"));
    lists.put("de", List.of("der", "die", "und", "das", "ist", "nicht", "mit", "von"));
    lists.put("fr", List.of("le", "la", "les", "de", "et", "est", "que", "dans"));
    lists.put("es", List.of("el", "la", "de", "que", "y", "en", "los", "una"));
    lists.put("it", List.of("il", "di", "che", "la", "e", "per", "un", "non"));
    lists.put("pt", List.of("o", "de", "que", "e", "do", "da", "em", "para"));
    lists.put("nl", List.of("de", "het", "een", "van", "en", "is", "dat", "niet"));
    lists.put("pl", List.of("i", "w", "na", "nie", "się", "że", "do", "jest"));
    lists.put("sv", List.of("och", "det", "att", "en", "som", "är", "på", "av"));
    lists.put("ru", List.of("и", "в", "не", "на", "что", "с", "по", "это"));
    return Map.copyOf(lists);
  }
}
