package dev.tidemill.curator.text;

import dev.tidemill.curator.text.QualityRule.Breach;
import dev.tidemill.curator.text.pii.Pii;
import dev.tidemill.curator.text.pii.PiiKind;
import dev.tidemill.curator.text.pii.PiiRules;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Everything that is asked of a text and of where it comes from. May be shared by threads.
public final class Screening {
  private final Quality quality;
  private final LanguageRules languageRules;
  private final Sources sources;
  private final Licences licences;
  private final StopWords stopWords;
  private final @Nullable Languages languages;
  private final Pii pii;
  private final Listener listener;

  /// Hears what screening sees on its way.
  public interface Listener {
    /// Hears nothing.
    Listener NONE =
        new Listener() {
          @Override
          public void replaced(PiiKind kind, int count) {}

          @Override
          public void language(@Nullable String code) {}
        };

    /// Personal data of a kind was replaced so many times in one text.
    void replaced(PiiKind kind, int count);

    /// A document was in this language; null when it could not be told.
    void language(@Nullable String code);
  }

  public Screening(
      Quality quality,
      LanguageRules languageRules,
      PiiRules piiRules,
      Sources sources,
      Licences licences,
      Listener listener) {
    this.quality = quality;
    this.languageRules = languageRules;
    this.sources = sources;
    this.licences = licences;
    this.stopWords = new StopWords(quality.stopWords());
    this.languages = languageRules.detect() ? NgramLanguages.shared() : null;
    this.pii = new Pii(piiRules);
    this.listener = listener;
  }

  /// What speaks against a source, as the end of a sentence that begins with it.
  public Optional<String> againstSource(String source) {
    return sources.against(source);
  }

  /// Whether a document must name its licence.
  public boolean requiresLicence() {
    return licences.require();
  }

  /// What speaks against a licence, as the end of a sentence that begins with it.
  public Optional<String> againstLicence(String licence) {
    return licences.allows(licence)
        ? Optional.empty()
        : Optional.of(
            "is none of curator.licences.allowed: " + String.join(", ", licences.allowed()));
  }

  /// The language of a document's text; null when it cannot be told or is not looked for.
  public @Nullable String language(String text) {
    if (languages == null) {
      return null;
    }
    @Nullable String language = languages.of(text);
    listener.language(language);
    return language;
  }

  /// What speaks against a language, as the end of a sentence that begins with it.
  public Optional<String> againstLanguage(String language) {
    return languageRules.allows(language)
        ? Optional.empty()
        : Optional.of(
            "is none of curator.language.allowed: " + String.join(", ", languageRules.allowed()));
  }

  /// The quality rules that a document's text breaks, in their order.
  ///
  /// @param language the text's, if it is known
  public List<Breach> quality(String text, @Nullable String language) {
    return quality.enabled()
        ? quality.breaches(TextStatistics.of(text, stopWords, quality.shortLine()), language)
        : List.of();
  }

  /// The text with placeholders where personal data and secrets stood.
  public String withoutPii(String text) {
    Pii.Replaced replaced = pii.replace(text);
    replaced.counts().forEach(listener::replaced);
    return replaced.text();
  }
}
