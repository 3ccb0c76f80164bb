package dev.tidemill.curator.text;

import com.optimaize.langdetect.DetectedLanguage;
import com.optimaize.langdetect.LanguageDetector;
import com.optimaize.langdetect.LanguageDetectorBuilder;
import com.optimaize.langdetect.i18n.LdLocale;
import com.optimaize.langdetect.ngram.NgramExtractors;
import com.optimaize.langdetect.profiles.BuiltInLanguages;
import com.optimaize.langdetect.profiles.LanguageProfileReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Tells 70 languages by the frequencies of up to three letters in a row. It looks at the beginning
/// of a text only, and abstains when that has few letters or fits several languages.
public final class NgramLanguages implements Languages {
  private static final int LOOKED_AT = 128;
  private static final int FEWEST_LETTERS = 40;
  private static final double SURE = 0.95;

  private final LanguageDetector detector;

  private NgramLanguages(LanguageDetector detector) {
    this.detector = detector;
  }

  // The profiles are large and take a second to read.
  private static final class Shared {
    static final NgramLanguages INSTANCE = read();
  }

  /// The one instance, whose profiles are read when it is first asked for.
  public static NgramLanguages shared() {
    return Shared.INSTANCE;
  }

  /// Codes of the languages it tells.
  static SortedSet<String> known() {
    return BuiltInLanguages.getLanguages().stream()
        .map(LdLocale::toString)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Override
  public @Nullable String of(String text) {
    int letters = 0;
    StringBuilder sample = new StringBuilder(LOOKED_AT);
    boolean gap = false;
    for (int i = 0; i < text.length() && sample.length() < LOOKED_AT; i++) {
      char c = text.charAt(i);
      if (Character.isLetter(c)) {
        letters++;
        sample.append(c);
        gap = false;
      } else if (!gap) {
        sample.append(' ');
        gap = true;
      }
    }
    if (letters < FEWEST_LETTERS) {
      return null;
    }
    List<DetectedLanguage> best = detector.getProbabilities(sample);
    return best.isEmpty() || best.getFirst().getProbability() < SURE
        ? null
        : best.getFirst().getLocale().toString();
  }

  private static NgramLanguages read() {
    try {
      return new NgramLanguages(
          LanguageDetectorBuilder.create(NgramExtractors.standard())
              .withProfiles(new LanguageProfileReader().readAllBuiltIn())
              .build());
    } catch (IOException e) {
      throw new UncheckedIOException("the language profiles cannot be read", e);
    }
  }
}
