package dev.tidemill.curator.domain;

/// What a record may hold. Lengths are in characters of the normalised text.
///
/// @param minDocument shortest document; 1 unless told
/// @param maxDocument longest document; 200,000 unless told
/// @param maxPrompt longest prompt, all its turns together; 100,000 unless told
/// @param maxAnswer longest answer; 50,000 unless told
/// @param maxName longest id, key, task, producer or subject; 512 unless told
/// @param maxRecordBytes longest record that is written; a longer one is refused, and a longer
///   payload is cut in its dead letter; 900,000 unless told, which fits Kafka's default limit
public record Limits(
    int minDocument,
    int maxDocument,
    int maxPrompt,
    int maxAnswer,
    int maxName,
    int maxRecordBytes) {
  public static final Limits DEFAULT = new Limits(0, 0, 0, 0, 0, 0);

  public Limits {
    minDocument = minDocument == 0 ? 1 : minDocument;
    maxDocument = maxDocument == 0 ? 200_000 : maxDocument;
    maxPrompt = maxPrompt == 0 ? 100_000 : maxPrompt;
    maxAnswer = maxAnswer == 0 ? 50_000 : maxAnswer;
    maxName = maxName == 0 ? 512 : maxName;
    maxRecordBytes = maxRecordBytes == 0 ? 900_000 : maxRecordBytes;
    positive("min_document", minDocument);
    positive("max_prompt", maxPrompt);
    positive("max_answer", maxAnswer);
    positive("max_name", maxName);
    if (maxDocument < minDocument) {
      throw new IllegalArgumentException(
          "max_document must be at least min_document, was " + maxDocument);
    }
    if (maxRecordBytes < 10_000) {
      throw new IllegalArgumentException(
          "max_record_bytes must be at least 10000, was " + maxRecordBytes);
    }
  }

  private static void positive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be positive, was " + value);
    }
  }
}
