package dev.tidemill.benchmarks.scenario;

import dev.tidemill.events.Document;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;

/// Documents of about two kilobytes that look like English to filters: sentences in paragraphs,
/// words as frequent as Zipf says, two thirds of them common ones. The same number always gives the
/// same document.
///
/// One in twenty is a near duplicate of an earlier one under another key: three of its words are
/// others. One in fifty is the same text again under the same key.
final class Corpus {
  static final int NEAR_EVERY = 20;
  static final int SAME_EVERY = 50;

  private static final int WORDS = 290;
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final String COMMON =
      """
      the of and to in a is that for it was on with as be by this from are or at have an not they \
      which one you were all their there been if more when will would who so no out up into than \
      them can only other new some could time these two may then do first any my now such like our \
      over man me even most made after also did many before must through back years where much your \
      way well down should because each just those people how too little state good very make world \
      still own see men work long get here between both life being under never day same another \
      know while last might us great old year off come since against go came right used take three \
      water house without place found again however home small part number every does system change \
      value network service message order record stream table point question answer problem result \
      reason process person company country group week case public money thing hand eye story month \
      """;
  private static final String[] BEGINNINGS = {
    "con", "re", "per", "inter", "trans", "de", "sub", "pro", "un", "over", "ex", "dis", "com"
  };
  private static final String[] MIDDLES = {
    "form", "port", "mit", "tain", "duct", "ser", "fer", "lat", "vis", "scrib", "pos", "ject",
    "cess", "struct", "vent", "tend", "press", "turn", "plic", "log", "grad", "mov", "sist", "clar"
  };
  private static final String[] ENDINGS = {
    "ation", "ing", "ed", "er", "able", "ment", "ive", "ally", "ers", "ance", "ity", "al"
  };

  private final long seed;
  private final List<String> vocabulary = new ArrayList<>();

  Corpus(long seed) {
    this.seed = seed;
    vocabulary.addAll(List.of(COMMON.strip().split("\\s+", -1)));
    for (String beginning : BEGINNINGS) {
      for (String middle : MIDDLES) {
        for (String ending : ENDINGS) {
          vocabulary.add(beginning + middle + ending);
        }
      }
    }
  }

  /// Whether a document is a near duplicate of an earlier one.
  static boolean isNear(int number) {
    return number > 0 && number % NEAR_EVERY == 0;
  }

  /// Whether a document is an earlier one again.
  static boolean isSame(int number) {
    return number > SAME_EVERY && number % SAME_EVERY == 1;
  }

  /// The document's number.
  static int numberOf(String idOrKey) {
    return Integer.parseInt(idOrKey.substring(1));
  }

  Document document(int number) {
    // The originals are neither near to nor the same as any other.
    int original = isNear(number) ? number - 7 : isSame(number) ? number - 9 : number;
    SplittableRandom random = new SplittableRandom(seed * 31 + original);
    List<String> words = new ArrayList<>(WORDS);
    for (int i = 0; i < WORDS; i++) {
      words.add(word(random));
    }
    if (isNear(number)) {
      for (int i = 0; i < 3; i++) {
        words.set(random.nextInt(WORDS), word(random));
      }
    }
    return Document.newBuilder()
        .setId("d" + number)
        .setKey("k" + (isSame(number) ? original : number))
        .setProducer("corpus")
        .setSource("corpus/" + number % 100)
        .setLicence("CC0-1.0")
        .setText(text(words))
        .setTags(Map.of())
        .setEventTime(START.plusSeconds(number))
        .build();
  }

  private static String text(List<String> words) {
    StringBuilder text = new StringBuilder();
    int sentence = 0;
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      boolean first = sentence == 0;
      text.append(first ? word.substring(0, 1).toUpperCase(Locale.ROOT) : word.substring(0, 1))
          .append(word, 1, word.length());
      sentence++;
      boolean ends = sentence >= 8 + word.length() || i == words.size() - 1;
      if (ends) {
        text.append('.').append(i % 5 == 0 ? "\n\n" : " ");
        sentence = 0;
      } else {
        text.append(sentence % 7 == 6 ? ", " : " ");
      }
    }
    return text.toString().strip();
  }

  // Zipf: two thirds of all words are among the common ones.
  private String word(SplittableRandom random) {
    return vocabulary.get(
        (int) Math.exp(random.nextDouble() * Math.log(vocabulary.size() + 1)) - 1);
  }
}
