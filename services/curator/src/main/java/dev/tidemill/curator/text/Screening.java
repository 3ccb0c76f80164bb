package dev.tidemill.curator.text;

import dev.tidemill.curator.text.QualityRule.Breach;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Everything that is asked of a text and of where it comes from. May be shared by threads.
public final class Screening {
  private final Quality quality;
  private final Sources sources;
  private final Licences licences;
  private final StopWords stopWords;

  public Screening(Quality quality, Sources sources, Licences licences) {
    this.quality = quality;
    this.sources = sources;
    this.licences = licences;
    this.stopWords = new StopWords(quality.stopWords());
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

  /// The quality rules that a document's text breaks, in their order.
  ///
  /// @param language the text's, if it is known
  public List<Breach> quality(String text, @Nullable String language) {
    return quality.enabled()
        ? quality.breaches(TextStatistics.of(text, stopWords, quality.shortLine()), language)
        : List.of();
  }
}
