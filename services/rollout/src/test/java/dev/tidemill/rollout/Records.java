package dev.tidemill.rollout;

import dev.tidemill.events.Arm;
import dev.tidemill.events.ArtifactKind;
import dev.tidemill.events.Canary;
import dev.tidemill.events.Candidate;
import dev.tidemill.events.Completion;
import dev.tidemill.events.Feedback;
import dev.tidemill.events.GateReport;
import dev.tidemill.events.Rating;
import dev.tidemill.events.Release;
import dev.tidemill.events.ReleaseState;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.events.Route;
import dev.tidemill.events.Sampling;
import dev.tidemill.events.Transition;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Records as the registry, inference and producers write them.
public final class Records {
  public static final String TASK = "support";

  private Records() {}

  public static String id(String name) {
    return TASK + "@sha256:" + name;
  }

  /// A release that came into its state at this time, by this author.
  public static Release release(
      ArtifactKind kind, String name, ReleaseState state, String by, Instant at) {
    @Nullable String adapter = kind == ArtifactKind.ADAPTER ? "sha256:" + name : null;
    Candidate candidate =
        new Candidate(
            "lineage#1",
            kind,
            "sha256:" + name,
            "sha256:base",
            List.of(TASK),
            "lineage",
            1L,
            null,
            List.of(),
            1L,
            null,
            null,
            new GateReport(true, null, List.of()),
            "trainer",
            "0.1.0",
            at);
    return new Release(
        id(name),
        TASK,
        "sha256:base",
        adapter,
        state,
        "for a test",
        candidate,
        List.of(new Transition(state, "for a test", by, Map.of(), at)),
        at);
  }

  public static Route route(
      long epoch, @Nullable String live, @Nullable String canary, double weight, Instant at) {
    return new Route(
        TASK,
        epoch,
        live == null ? null : new ReleaseTarget(id(live), "sha256:base", null),
        canary == null
            ? null
            : new Canary(new ReleaseTarget(id(canary), "sha256:base", null), weight, "salt"),
        null,
        at);
  }

  public static Completion completion(String id, String release, Arm arm, Instant at) {
    return new Completion(
        id,
        TASK,
        id(release),
        "sha256:base",
        null,
        arm,
        "replica-1",
        "test",
        "subject-" + id,
        List.of(),
        "an answer",
        Sampling.newBuilder().setTemperature(0).setTopP(1).setMaxTokens(16).build(),
        "stop",
        3,
        2,
        0.01,
        0.02,
        at);
  }

  public static Feedback rating(String completion, double value, Instant at) {
    return new Feedback(
        "rating-" + completion,
        completion,
        "test",
        "subject-" + completion,
        new Rating(value, null),
        at);
  }
}
