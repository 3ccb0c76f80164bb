package dev.tidemill.quickstart.reference;

/// One text of the reference, ready to be sent to the stream.
///
/// @param key what identifies the text for ever; the holdout is drawn by its hash
/// @param text the text a model reads
public record ReferenceDocument(String key, String text) {
  public ReferenceDocument {
    if (key.isBlank() || text.isBlank()) {
      throw new IllegalArgumentException("A reference document needs a key and a text");
    }
  }
}
