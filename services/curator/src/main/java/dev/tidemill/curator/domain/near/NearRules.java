package dev.tidemill.curator.domain.near;

import java.time.Duration;
import java.util.Map;

/// When a document is a near duplicate, and how much is remembered to tell.
///
/// @param similarity share of their word 5-grams that two texts have in common, from which on the
///   later is refused; above 0, at most 1; 0.8 unless told
/// @param sources the same for documents whose source begins so; the longest fitting beginning
///   counts. For sources whose texts differ in little on purpose, as pages of a reference do: 1
///   refuses only what has the same words
/// @param minShingles distinct word 5-grams that a text must have to be compared; 20 unless told.
///   A shorter one may differ in the one word that matters
/// @param window how long a document is remembered; 30 days unless told
/// @param maxDocuments at most so many, the oldest forgotten first; 1,000,000 unless told
/// @param partitions of the stage; 1 unless told. Documents are spread over them by key, and only
///   those of one partition are compared
public record NearRules(
    Double similarity,
    Map<String, Double> sources,
    int minShingles,
    Duration window,
    int maxDocuments,
    int partitions) {
  public static final NearRules DEFAULT =
      new NearRules(0.8, Map.of(), 0, Duration.ofDays(30), 0, 0);
  // Each document is on so many chains, numbered by an int.
  private static final int MOST_DOCUMENTS = 100_000_000;

  public NearRules {
    similarity = similarity == null ? Double.valueOf(0.8) : similarity;
    sources = sources == null ? Map.of() : Map.copyOf(sources);
    minShingles = minShingles == 0 ? 20 : minShingles;
    window = window == null ? Duration.ofDays(30) : window;
    maxDocuments = maxDocuments == 0 ? 1_000_000 : maxDocuments;
    partitions = partitions == 0 ? 1 : partitions;
    share("similarity", similarity);
    sources.forEach((source, least) -> share("sources." + source, least));
    positive("min_shingles", minShingles);
    positive("max_documents", maxDocuments);
    positive("partitions", partitions);
    if (maxDocuments > MOST_DOCUMENTS) {
      throw new IllegalArgumentException(
          "max_documents must be at most " + MOST_DOCUMENTS + ", was " + maxDocuments);
    }
    if (window.isNegative() || window.isZero()) {
      throw new IllegalArgumentException("window must be positive, was " + window);
    }
  }

  /// The similarity that makes a near duplicate of a document of this source.
  public double similarityOf(String source) {
    int longest = -1;
    double least = similarity;
    for (Map.Entry<String, Double> entry : sources.entrySet()) {
      if (source.startsWith(entry.getKey()) && entry.getKey().length() > longest) {
        longest = entry.getKey().length();
        least = entry.getValue();
      }
    }
    return least;
  }

  private static void share(String name, double value) {
    if (!(value > 0 && value <= 1)) {
      throw new IllegalArgumentException(name + " must be above 0 and at most 1, was " + value);
    }
  }

  private static void positive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be positive, was " + value);
    }
  }
}
