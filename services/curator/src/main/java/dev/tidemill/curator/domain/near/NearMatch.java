package dev.tidemill.curator.domain.near;

/// The document that another is nearly the same as.
///
/// @param id of the document that came before
/// @param similarity of both texts, from 0 to 1
public record NearMatch(String id, double similarity) {}
