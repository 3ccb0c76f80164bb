package dev.tidemill.inference.serving;

import dev.tidemill.inference.serving.RefusedException.Kind;
import dev.tidemill.model.Adapter;
import dev.tidemill.schemas.ReleaseId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How much memory the weights of bases and adapters may take together, and who gives way when more
/// is wanted: releases that no route names and no request holds, the least recently used first. A
/// base goes with the last release on it.
///
/// @param bytes the most that is ever in memory
record ResidentBudget(long bytes) {

  /// Memory of these weights.
  static long used(Collection<ResidentBase> bases, Collection<ResidentRelease> releases) {
    long used = 0;
    for (ResidentBase base : bases) {
      used += base.model().bytes();
    }
    for (ResidentRelease release : releases) {
      used += adapterBytes(release);
    }
    return used;
  }

  /// The releases to let go so that a release fits in; none when it fits as it is. Nothing is to go
  /// when all that may go would not be enough.
  ///
  /// @param needed bytes that the release takes beside what is there
  /// @param bases in memory; one that is counted once more than it has releases stays
  /// @throws RefusedException when it does not fit
  List<ResidentRelease> givingWay(
      String id, long needed, Collection<ResidentBase> bases, Collection<ResidentRelease> releases)
      throws RefusedException {
    long over = used(bases, releases) + needed - bytes;
    List<ResidentRelease> going = new ArrayList<>();
    if (over <= 0) {
      return going;
    }
    Map<ResidentBase, Integer> left = new HashMap<>();
    List<ResidentRelease> mayGo =
        releases.stream()
            .filter(ResidentRelease::mayGo)
            .sorted(Comparator.comparingLong(ResidentRelease::lastUse))
            .toList();
    for (ResidentRelease release : mayGo) {
      ResidentBase base = release.base();
      going.add(release);
      over -= adapterBytes(release);
      if (left.merge(base, base.releases() - 1, (now, x) -> now - 1) == 0) {
        over -= base.model().bytes();
      }
      if (over <= 0) {
        return going;
      }
    }
    throw new RefusedException(
        Kind.MEMORY,
        "release %s takes %d bytes, and resident_bytes of %d leaves no room beside what is in use"
            .formatted(ReleaseId.brief(id), needed, bytes));
  }

  private static long adapterBytes(ResidentRelease release) {
    @Nullable Adapter adapter = release.adapter();
    return adapter == null ? 0 : adapter.bytes();
  }
}
