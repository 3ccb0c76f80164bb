package dev.tidemill.inference.serving;

import dev.tidemill.events.Arm;
import dev.tidemill.inference.domain.ApiProblems;
import dev.tidemill.inference.domain.StickyArm;
import dev.tidemill.platform.http.Problem;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Who answers what, in one immutable image. The keeper publishes a new one after each change; a
/// request looks at one only.
///
/// @param known whether the routes have been read at all
/// @param tasks by name, every task that has a route
public record ServingTable(boolean known, Map<String, TaskArms> tasks) {

  static final ServingTable UNKNOWN = new ServingTable(false, Map.of());

  private static final Duration SOON = Duration.ofSeconds(1);

  /// The releases of a task that can answer now.
  ///
  /// @param epoch of the route that the replica follows
  /// @param live null when none can be served yet
  /// @param canary null when there is none, or when it is not in memory yet
  /// @param shadow null when there is none, or when it is not in memory yet
  /// @param whyNoLive one sentence for when `live` is null
  public record TaskArms(
      String task,
      long epoch,
      @Nullable ResidentRelease live,
      @Nullable CanaryArm canary,
      @Nullable ResidentRelease shadow,
      String whyNoLive) {

    /// The task's releases with their arms, live first; the same release stands once.
    public Map<ResidentRelease, Arm> releases() {
      Map<ResidentRelease, Arm> releases = new LinkedHashMap<>();
      if (live != null) {
        releases.put(live, Arm.LIVE);
      }
      if (canary != null) {
        releases.putIfAbsent(canary.release(), Arm.CANARY);
      }
      if (shadow != null) {
        releases.putIfAbsent(shadow, Arm.SHADOW);
      }
      return releases;
    }
  }

  /// A release on trial.
  ///
  /// @param weight share of users
  /// @param salt of their hash
  public record CanaryArm(ResidentRelease release, double weight, String salt) {}

  /// Who answers a request.
  sealed interface Choice {

    /// A release that a route names.
    record Routed(ResidentRelease release, Arm arm) implements Choice {}

    /// The release asked for by its id, which no route of its task names or which is not in memory.
    record ById(String task) implements Choice {}
  }

  public ServingTable {
    tasks = Map.copyOf(new TreeMap<>(tasks));
  }

  /// The release that answers for a model name (a task, or a release id) and a user.
  ///
  /// @throws Problem 503 as long as nobody can answer, 404 when nobody ever will
  Choice choose(String model, String user) {
    if (!known) {
      throw Problem.unavailable("the routes have not been read yet", SOON);
    }
    if (tasks.isEmpty()) {
      throw Problem.unavailable("no task has a route yet", SOON);
    }
    @Nullable TaskArms arms = tasks.get(model);
    if (arms != null) {
      return choose(arms, user);
    }
    int at = model.lastIndexOf("@sha256:");
    @Nullable TaskArms named = at < 0 ? null : tasks.get(model.substring(0, at));
    if (named != null) {
      for (ResidentRelease release : named.releases().keySet()) {
        if (release.id().equals(model)) {
          return new Choice.Routed(release, Arm.PINNED);
        }
      }
      return new Choice.ById(named.task());
    }
    throw ApiProblems.modelNotFound(model, null);
  }

  private static Choice choose(TaskArms arms, String user) {
    @Nullable CanaryArm canary = arms.canary();
    if (canary != null && StickyArm.isCanary(canary.weight(), canary.salt(), user)) {
      return new Choice.Routed(canary.release(), Arm.CANARY);
    }
    @Nullable ResidentRelease live = arms.live();
    if (live == null) {
      throw Problem.unavailable(arms.whyNoLive(), SOON);
    }
    return new Choice.Routed(live, Arm.LIVE);
  }
}
