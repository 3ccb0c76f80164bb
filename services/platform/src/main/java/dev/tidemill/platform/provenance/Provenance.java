package dev.tidemill.platform.provenance;

import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Where every artifact comes from, and every applied erasure. Immutable.
///
/// An artifact *contains* an erased record when its place lies in the window that the artifact was
/// trained on, or in an earlier window of the same lineage (replay mixes those in), or when its
/// parent or its base contains it. A window that was trained after the erasure leaves the place out
/// of its ranges, so ranges alone decide.
public final class Provenance {

  /// Nothing published, nothing erased.
  public static final Provenance EMPTY = new Provenance(Map.of(), Map.of());

  private final Map<String, Origin> origins;
  private final Map<String, Applied> erasures;
  private final ErasedPositions erased;
  private final Set<String> affected;
  private final Set<String> affectedLineages;

  private Provenance(Map<String, Origin> origins, Map<String, Applied> erasures) {
    this.origins = Collections.unmodifiableMap(origins);
    this.erasures = Collections.unmodifiableMap(erasures);
    this.erased =
        erasures.values().stream()
            .map(Applied::positions)
            .reduce(ErasedPositions.NONE, ErasedPositions::with);
    this.affected = artifactsWith(erased);
    this.affectedLineages = Set.copyOf(firstWindows(erased).keySet());
  }

  /// The image after these were published and applied. What is known already stays as it is; an
  /// erasure that is known may bring more places.
  public Provenance with(Collection<Origin> published, Collection<Applied> applied) {
    if (published.isEmpty() && applied.isEmpty()) {
      return this;
    }
    Map<String, Origin> nextOrigins = new LinkedHashMap<>(origins);
    published.forEach(origin -> nextOrigins.putIfAbsent(origin.artifact(), origin));
    Map<String, Applied> nextErasures = new LinkedHashMap<>(erasures);
    applied.forEach(erasure -> nextErasures.merge(erasure.id(), erasure, Applied::with));
    return new Provenance(nextOrigins, nextErasures);
  }

  /// Every artifact's origin, in the order of publication.
  public Collection<Origin> origins() {
    return origins.values();
  }

  /// Every erasure, in the order of application.
  public Collection<Applied> erasures() {
    return erasures.values();
  }

  public Optional<Applied> erasure(String id) {
    return Optional.ofNullable(erasures.get(id));
  }

  /// Every place that an erasure has emptied.
  public ErasedPositions erased() {
    return erased;
  }

  /// Whether an artifact is published.
  public boolean knows(String artifact) {
    return origins.containsKey(artifact);
  }

  /// Whether a window of this lineage holds an erased record.
  public boolean affects(String lineage) {
    return affectedLineages.contains(lineage);
  }

  /// The first erasure that removed a record which this artifact contains; empty when none did, and
  /// for an artifact of unknown origin.
  public Optional<Applied> erasureIn(String artifact) {
    return affected.contains(artifact)
        ? erasures.values().stream()
            .filter(erasure -> artifactsWith(erasure.positions()).contains(artifact))
            .findFirst()
        : Optional.empty();
  }

  /// The same for an artifact that is not published yet.
  public Optional<Applied> erasureIn(Origin origin) {
    return with(List.of(origin), List.of()).erasureIn(origin.artifact());
  }

  /// Digests of the artifacts that contain a record at one of these places.
  public Set<String> artifactsWith(ErasedPositions places) {
    Map<String, Long> first = firstWindows(places);
    Set<String> found = new HashSet<>();
    if (first.isEmpty()) {
      return found;
    }
    boolean grown = true;
    // Parents are published before their children: as a rule the second pass finds nothing.
    while (grown) {
      grown = false;
      for (Origin origin : origins.values()) {
        if (!found.contains(origin.artifact()) && contains(origin, first, found)) {
          grown |= found.add(origin.artifact());
        }
      }
    }
    return found;
  }

  private static boolean contains(Origin origin, Map<String, Long> first, Set<String> found) {
    @Nullable String parent = origin.parent();
    return origin.sequence() >= first.getOrDefault(origin.lineage(), Long.MAX_VALUE)
        || (parent != null && found.contains(parent))
        || found.contains(origin.base());
  }

  /// By lineage the first window that holds one of the places.
  private Map<String, Long> firstWindows(ErasedPositions places) {
    Map<String, Long> first = new HashMap<>();
    for (Origin origin : origins.values()) {
      if (places.touches(origin.windows())) {
        first.merge(origin.lineage(), origin.sequence(), Math::min);
      }
    }
    return first;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Provenance that
        && origins.equals(that.origins)
        && erasures.equals(that.erasures);
  }

  @Override
  public int hashCode() {
    return 31 * origins.hashCode() + erasures.hashCode();
  }
}
