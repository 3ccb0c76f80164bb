package dev.tidemill.inference.io;

import dev.tidemill.events.Candidate;
import dev.tidemill.events.Release;
import dev.tidemill.inference.serving.ServingMeters;
import dev.tidemill.platform.kafka.TopicTable;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// How old the newest event is that a release has learned from when it is first served. The event's
/// time stands in the release's record, which may come after the route that names the release.
final class Freshness implements TopicTable.Listener<Release> {
  private static final int REMEMBERED = 1024;

  private final ServingMeters meters;
  private final Function<String, @Nullable Release> releases;

  /// When releases were first served; those measured stay a while, so that a release that comes
  /// back is not measured again.
  private final Map<String, Served> served =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Served> eldest) {
          return size() > REMEMBERED;
        }
      };

  private record Served(Instant at, boolean measured) {}

  /// @param releases the newest record of a release id
  Freshness(ServingMeters meters, Function<String, @Nullable Release> releases) {
    this.meters = meters;
    this.releases = releases;
  }

  /// A release can be served from now on.
  ///
  /// @param newly false for what a replica finds when it starts
  synchronized void served(String release, Instant at, boolean newly) {
    if (!served.containsKey(release)) {
      served.put(release, new Served(at, !newly));
      measure(release);
    }
  }

  @Override
  public synchronized void changed(Map<String, Release> image, Set<String> keys) {
    keys.forEach(this::measure);
  }

  private void measure(String id) {
    @Nullable Served since = served.get(id);
    @Nullable Release release = releases.apply(id);
    if (since == null || since.measured() || release == null) {
      return;
    }
    served.put(id, new Served(since.at(), true));
    @Nullable Candidate candidate = release.getCandidate();
    @Nullable Instant newest = candidate == null ? null : candidate.getNewestEventTime();
    if (newest != null) {
      meters.fresh(release.getTask(), Duration.between(newest, since.at()));
    }
  }
}
