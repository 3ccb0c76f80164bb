/// Near duplicates: which documents seen so far a new one is nearly the same as.
///
/// ```
/// text ─ Shingles ─► hashes of its word 5-grams ─┬─ Bands ──► 16 hashes that look up candidates
///                                                └─ Sketch ─► the hashes, packed, that decide
/// ```
///
/// Both together are a {@link dev.tidemill.curator.domain.near.Fingerprint}; {@link
/// dev.tidemill.curator.domain.near.NearIndex} keeps one for each document.
@NullMarked
package dev.tidemill.curator.domain.near;

import org.jspecify.annotations.NullMarked;
