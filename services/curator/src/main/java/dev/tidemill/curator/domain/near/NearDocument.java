package dev.tidemill.curator.domain.near;

/// A document as the index sees it.
///
/// @param keyHash stands for its key: documents of one key are revisions of each other
/// @param heldOut whether its key is held out of training
public record NearDocument(String id, long keyHash, boolean heldOut, Fingerprint fingerprint) {}
