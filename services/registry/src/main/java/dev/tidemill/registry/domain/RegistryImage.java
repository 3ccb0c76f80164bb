package dev.tidemill.registry.domain;

import dev.tidemill.events.Candidate;
import dev.tidemill.events.Release;
import dev.tidemill.events.ReleaseState;
import dev.tidemill.events.Route;
import dev.tidemill.platform.provenance.Applied;
import dev.tidemill.platform.provenance.Origin;
import dev.tidemill.platform.provenance.Provenance;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Every release, route and erasure at one moment. Immutable; only [#replay] makes the next one.
public final class RegistryImage {
  /// Nothing recorded yet.
  public static final RegistryImage EMPTY = new RegistryImage(Map.of(), Map.of(), Provenance.EMPTY);

  private final Map<String, Release> releases;
  private final Map<String, Route> routes;
  private final Provenance provenance;

  private RegistryImage(
      Map<String, Release> releases, Map<String, Route> routes, Provenance provenance) {
    this.releases = Collections.unmodifiableMap(releases);
    this.routes = Collections.unmodifiableMap(routes);
    this.provenance = provenance;
  }

  /// The image after these events.
  public RegistryImage replay(List<RegistryEvent> events) {
    if (events.isEmpty()) {
      return this;
    }
    Map<String, Release> nextReleases = new LinkedHashMap<>(releases);
    Map<String, Route> nextRoutes = new LinkedHashMap<>(routes);
    List<Origin> published = new ArrayList<>();
    List<Applied> erasures = new ArrayList<>();
    for (RegistryEvent event : events) {
      switch (event) {
        case RegistryEvent.ReleaseChanged changed -> {
          if (nextReleases.put(changed.release().getId(), changed.release()) == null) {
            published.add(Origin.of(changed.release().getCandidate()));
          }
        }
        case RegistryEvent.RouteChanged changed ->
            nextRoutes.put(changed.route().getTask(), changed.route());
        case RegistryEvent.ErasureSeen seen -> erasures.add(seen.erasure());
      }
    }
    return new RegistryImage(nextReleases, nextRoutes, provenance.with(published, erasures));
  }

  /// Every release, in the order in which they were first recorded.
  public Collection<Release> releases() {
    return releases.values();
  }

  /// Every route.
  public Collection<Route> routes() {
    return routes.values();
  }

  /// Where every release comes from, and every erasure.
  public Provenance provenance() {
    return provenance;
  }

  /// Every release that contains a record which this erasure removed.
  public List<Release> containing(Applied erasure) {
    Set<String> artifacts = provenance.artifactsWith(erasure.positions());
    return releases.values().stream()
        .filter(release -> artifacts.contains(release.getCandidate().getArtifact()))
        .toList();
  }

  /// The release of this id.
  public Optional<Release> release(String id) {
    return Optional.ofNullable(releases.get(id));
  }

  /// The route of this task.
  public Optional<Route> route(String task) {
    return Optional.ofNullable(routes.get(task));
  }

  /// The state of the release of this id.
  Optional<ReleaseStatus> status(String id) {
    return release(id).map(ReleaseStatus::of);
  }

  /// The release of a task that was retired last, which is where a rollback leads.
  Optional<ReleaseStatus.Retired> lastRetired(String task) {
    return releases.values().stream()
        .filter(r -> r.getTask().equals(task) && r.getState() == ReleaseState.RETIRED)
        .max(Comparator.comparing(Release::getUpdatedAt))
        .map(ReleaseStatus.Retired::new);
  }

  /// The bare base of a task that the gate let through last and that waits for traffic.
  Optional<ReleaseStatus.Evaluated> lastEvaluatedBase(String task) {
    return releases.values().stream()
        .filter(r -> r.getTask().equals(task) && r.getState() == ReleaseState.EVALUATED)
        .filter(r -> r.getAdapter() == null)
        .max(Comparator.comparing(Release::getUpdatedAt))
        .map(ReleaseStatus.Evaluated::new);
  }

  /// The candidates from which a release descends, itself first: each one's parent artifact looked
  /// up among everything recorded, back to the first or to the first that is not recorded.
  public List<Candidate> lineage(Release release) {
    Map<String, Candidate> byArtifact = new LinkedHashMap<>();
    for (Release each : releases.values()) {
      byArtifact.putIfAbsent(each.getCandidate().getArtifact(), each.getCandidate());
    }
    List<Candidate> chain = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    @Nullable Candidate at = release.getCandidate();
    while (at != null && seen.add(at.getArtifact())) {
      chain.add(at);
      @Nullable String parent = at.getParent();
      if (parent == null && !at.getBase().equals(at.getArtifact())) {
        // A fresh adapter was trained from nothing but its base.
        parent = at.getBase();
      }
      at = parent == null ? null : byArtifact.get(parent);
    }
    return List.copyOf(chain);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof RegistryImage that
        && releases.equals(that.releases)
        && routes.equals(that.routes)
        && provenance.equals(that.provenance);
  }

  @Override
  public int hashCode() {
    return 31 * releases.hashCode() + routes.hashCode();
  }

  @Override
  public String toString() {
    return "RegistryImage["
        + releases.size()
        + " releases, "
        + routes.size()
        + " routes, "
        + provenance.erasures().size()
        + " erasures]";
  }
}
