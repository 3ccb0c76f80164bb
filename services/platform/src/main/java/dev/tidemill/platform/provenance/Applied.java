package dev.tidemill.platform.provenance;

import dev.tidemill.events.AppliedErasure;
import java.time.Instant;

/// An erasure that the curator has carried out, without the subject: nothing here needs to know
/// whom it was about.
///
/// @param id of the erasure
/// @param at when the last record was removed
/// @param positions where the records had been
public record Applied(String id, Instant at, ErasedPositions positions) {

  /// What the curator wrote.
  public static Applied of(AppliedErasure erasure) {
    return new Applied(
        erasure.getId(), erasure.getAppliedAt(), ErasedPositions.of(erasure.getPositions()));
  }

  /// The same erasure told of twice: all places, the later time.
  Applied with(Applied other) {
    return new Applied(id, at.isAfter(other.at) ? at : other.at, positions.with(other.positions));
  }
}
