package dev.tidemill.rollout.io;

import dev.tidemill.events.RefusedRelease;
import dev.tidemill.events.Release;
import dev.tidemill.events.ReleaseState;
import dev.tidemill.events.Replica;
import dev.tidemill.events.Route;
import dev.tidemill.events.Transition;
import dev.tidemill.rollout.domain.TaskView;
import dev.tidemill.rollout.domain.Trial;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// The newest releases, routes and replicas, as their compacted topics say.
final class Desired {
  private final Map<String, Release> releases = new TreeMap<>();
  private final Map<String, Route> routes = new TreeMap<>();
  private final Map<String, Replica> replicas = new TreeMap<>();

  void put(Release release) {
    releases.put(release.getId(), release);
  }

  void put(Route route) {
    routes.put(route.getTask(), route);
  }

  void put(Replica replica) {
    replicas.put(replica.getId(), replica);
  }

  void removeReplica(String id) {
    replicas.remove(id);
  }

  @Nullable Release release(String id) {
    return releases.get(id);
  }

  Set<String> tasks() {
    Set<String> tasks = new TreeSet<>(routes.keySet());
    releases.values().forEach(release -> tasks.add(release.getTask()));
    return tasks;
  }

  /// Who is on trial in a task against whom, and since when: since the later of the two got its
  /// traffic. Empty without a canary, and while the releases and the route do not agree yet.
  Optional<Trial.Pair> pair(String task) {
    @Nullable Route route = routes.get(task);
    if (route == null || route.getCanary() == null || route.getLive() == null) {
      return Optional.empty();
    }
    String canary = route.getCanary().getTarget().getRelease();
    String live = route.getLive().getRelease();
    return since(canary, ReleaseState.CANARY)
        .flatMap(
            began ->
                since(live, ReleaseState.LIVE)
                    .map(
                        lived ->
                            new Trial.Pair(
                                task, canary, live, lived.isAfter(began) ? lived : began)));
  }

  TaskView view(String task, @Nullable Trial trial) {
    List<Release> ofTask =
        releases.values().stream().filter(release -> release.getTask().equals(task)).toList();
    return new TaskView(task, ofTask, routes.get(task), refused(), trial);
  }

  private Map<String, String> refused() {
    Map<String, String> refused = new HashMap<>();
    for (Replica replica : replicas.values()) {
      for (RefusedRelease each : replica.getRefused()) {
        // Want of memory says nothing about the release: the replica tries it again.
        if (!each.getTemporary()) {
          refused.putIfAbsent(each.getRelease(), replica.getId() + ": " + each.getReason());
        }
      }
    }
    return refused;
  }

  /// When a release that is in this state came into it. A canary may change its weight meanwhile,
  /// so its first such transition counts; a release may go live again, so there the last does.
  private Optional<Instant> since(String id, ReleaseState state) {
    @Nullable Release release = releases.get(id);
    if (release == null || release.getState() != state) {
      return Optional.empty();
    }
    var times =
        release.getTransitions().stream()
            .filter(transition -> transition.getState() == state)
            .map(Transition::getAt);
    return state == ReleaseState.CANARY
        ? times.min(Comparator.naturalOrder())
        : times.max(Comparator.naturalOrder());
  }
}
