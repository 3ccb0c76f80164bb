package dev.tidemill.inference.serving;

import dev.tidemill.events.Release;
import dev.tidemill.events.ReleaseState;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.inference.domain.ApiProblems;
import dev.tidemill.platform.http.Problem;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The releases that the registry knows, and which of them a request may ask for by id: those that
/// passed their gate and that nobody has judged bad since.
public final class KnownReleases {
  private static final Duration SOON = Duration.ofSeconds(1);

  private final Supplier<Map<String, Release>> releases;
  private final BooleanSupplier read;

  /// @param releases the newest record of each release, by id
  /// @param read whether the records were read to their end
  public KnownReleases(Supplier<Map<String, Release>> releases, BooleanSupplier read) {
    this.releases = releases;
    this.read = read;
  }

  /// What a release of a task is made of.
  ///
  /// @throws Problem 404 when it may not be asked for, 503 as long as that cannot be told
  ReleaseTarget target(String task, String id) {
    @Nullable Release release = releases.get().get(id);
    if (release == null) {
      throw read.getAsBoolean()
          ? ApiProblems.modelNotFound(id, "task " + task + " has no such release")
          : Problem.unavailable("the releases have not been read yet", SOON);
    }
    if (!release.getTask().equals(task)) {
      throw ApiProblems.modelNotFound(id, "it is a release of task " + release.getTask());
    }
    @Nullable String whyNot = whyNot(release.getState());
    if (whyNot != null) {
      throw ApiProblems.modelNotFound(id, whyNot);
    }
    return new ReleaseTarget(id, release.getBase(), release.getAdapter());
  }

  /// Whether a release may be asked for by id.
  boolean servable(String id) {
    @Nullable Release release = releases.get().get(id);
    return release != null && whyNot(release.getState()) == null;
  }

  /// The record of a release that may be asked for; null when it may not.
  public @Nullable Release find(String id) {
    return servable(id) ? releases.get().get(id) : null;
  }

  /// The releases of a task that may be asked for, the one changed last first.
  public List<Release> ofTask(String task, int most) {
    return releases.get().values().stream()
        .filter(release -> release.getTask().equals(task) && whyNot(release.getState()) == null)
        .sorted(
            Comparator.comparing(Release::getUpdatedAt).reversed().thenComparing(Release::getId))
        .limit(most)
        .toList();
  }

  private static @Nullable String whyNot(ReleaseState state) {
    return switch (state) {
      case EVALUATED, CANARY, LIVE, RETIRED -> null;
      case CANDIDATE -> "the release has not passed its gate yet";
      case REJECTED -> "the release was rejected";
      case ROLLED_BACK -> "the release was rolled back";
      case QUARANTINED -> "the release is quarantined";
      case UNKNOWN -> "the release is in a state that this replica does not know";
    };
  }
}
