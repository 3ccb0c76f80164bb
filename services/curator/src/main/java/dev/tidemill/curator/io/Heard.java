package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.Evidence;
import org.jspecify.annotations.Nullable;

/// What the stage that reads by subject hears.
sealed interface Heard {

  /// The subject said something.
  record Said(Evidence evidence) implements Heard {}

  /// What others say of the subject has changed.
  ///
  /// @param change bytes of a `Trust`; null when its standing is to be forgotten
  @SuppressWarnings("ArrayRecordComponent")
  record Changed(byte @Nullable [] change) implements Heard {}
}
