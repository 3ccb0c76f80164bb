package dev.tidemill.platform.provenance;

import dev.tidemill.events.Candidate;
import dev.tidemill.events.OffsetRange;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Where an artifact comes from.
///
/// @param artifact its digest
/// @param base digest of the base that it is or stands on
/// @param parent digest of the artifact that training started from; null when from nothing
/// @param lineage line of windows that it belongs to
/// @param sequence number of its window there
/// @param windows the data of that window
public record Origin(
    String artifact,
    String base,
    @Nullable String parent,
    String lineage,
    long sequence,
    List<OffsetRange> windows) {

  public Origin {
    windows = List.copyOf(windows);
  }

  /// As its trainer published it.
  public static Origin of(Candidate candidate) {
    return new Origin(
        candidate.getArtifact(),
        candidate.getBase(),
        candidate.getParent(),
        candidate.getLineage(),
        candidate.getSequence(),
        candidate.getWindows());
  }
}
