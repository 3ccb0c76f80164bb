package dev.tidemill.curator.domain.near;

/// A document as the index sees it.
///
/// @param keyHash stands for its key: documents of one key are revisions of each other
/// @param heldOut whether its key is held out of training
/// @param subjectHash stands for who gave it, so that it can be forgotten; 0 when nobody is known
public record NearDocument(
    String id, long keyHash, boolean heldOut, long subjectHash, Fingerprint fingerprint) {

  /// A document behind which nobody stands.
  public NearDocument(String id, long keyHash, boolean heldOut, Fingerprint fingerprint) {
    this(id, keyHash, heldOut, 0, fingerprint);
  }
}
