package dev.tidemill.registry.io;

import dev.tidemill.events.Canary;
import dev.tidemill.events.Candidate;
import dev.tidemill.events.Release;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.events.Route;
import dev.tidemill.platform.provenance.Applied;
import dev.tidemill.registry.domain.RegistryImage;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The JSON forms of the API, in the words of the Avro records; states are in lower case.
final class Views {
  private Views() {}

  record Releases(List<ReleaseView> releases) {}

  record Routes(List<RouteView> routes) {}

  record Erasures(List<ErasureView> erasures) {}

  /// An applied erasure with every release that contains a record it removed.
  record ErasureView(String id, Instant appliedAt, List<ContainingView> releases) {
    static ErasureView of(Applied erasure, RegistryImage image) {
      return new ErasureView(
          erasure.id(),
          erasure.at(),
          image.containing(erasure).stream()
              .map(release -> new ContainingView(release.getId(), label(release.getState())))
              .toList());
    }
  }

  record ContainingView(String id, String state) {}

  record Lineage(String release, List<CandidateView> lineage) {}

  record ReleaseView(
      String id,
      String task,
      String base,
      @Nullable String adapter,
      String state,
      String reason,
      CandidateView candidate,
      List<TransitionView> transitions,
      Instant updatedAt) {
    static ReleaseView of(Release r) {
      return new ReleaseView(
          r.getId(),
          r.getTask(),
          r.getBase(),
          r.getAdapter(),
          label(r.getState()),
          r.getReason(),
          CandidateView.of(r.getCandidate()),
          r.getTransitions().stream()
              .map(
                  t ->
                      new TransitionView(
                          label(t.getState()), t.getReason(), t.getBy(), t.getNumbers(), t.getAt()))
              .toList(),
          r.getUpdatedAt());
    }
  }

  record TransitionView(
      String state, String reason, String by, Map<String, Double> numbers, Instant at) {}

  record CandidateView(
      String id,
      String kind,
      String artifact,
      String base,
      String lineage,
      long sequence,
      @Nullable String parent,
      List<WindowView> windows,
      long examples,
      @Nullable Instant oldestEventTime,
      @Nullable Instant newestEventTime,
      GateView gate,
      String trainer,
      String codeVersion,
      Instant eventTime) {
    static CandidateView of(Candidate c) {
      return new CandidateView(
          c.getId(),
          label(c.getKind()),
          c.getArtifact(),
          c.getBase(),
          c.getLineage(),
          c.getSequence(),
          c.getParent(),
          c.getWindows().stream()
              .map(
                  w ->
                      new WindowView(
                          w.getTopic(), w.getPartition(), w.getFromOffset(), w.getToOffset()))
              .toList(),
          c.getExamples(),
          c.getOldestEventTime(),
          c.getNewestEventTime(),
          new GateView(
              c.getGate().getPassed(),
              c.getGate().getAgainst(),
              c.getGate().getChecks().stream()
                  .map(
                      g ->
                          new CheckView(
                              g.getName(),
                              g.getValue(),
                              g.getBaseline(),
                              g.getThreshold(),
                              g.getPassed(),
                              g.getDetail()))
                  .toList()),
          c.getTrainer(),
          c.getCodeVersion(),
          c.getEventTime());
    }
  }

  record WindowView(String topic, int partition, long fromOffset, long toOffset) {}

  record GateView(boolean passed, @Nullable String against, List<CheckView> checks) {}

  record CheckView(
      String name,
      double value,
      @Nullable Double baseline,
      double threshold,
      boolean passed,
      String detail) {}

  record TargetView(String release, String base, @Nullable String adapter) {
    static @Nullable TargetView of(@Nullable ReleaseTarget t) {
      return t == null ? null : new TargetView(t.getRelease(), t.getBase(), t.getAdapter());
    }
  }

  record CanaryView(@Nullable TargetView target, double weight, String salt) {
    static @Nullable CanaryView of(@Nullable Canary c) {
      return c == null
          ? null
          : new CanaryView(TargetView.of(c.getTarget()), c.getWeight(), c.getSalt());
    }
  }

  record RouteView(
      String task,
      long epoch,
      @Nullable TargetView live,
      @Nullable CanaryView canary,
      @Nullable TargetView shadow,
      Instant updatedAt) {
    static RouteView of(Route r) {
      return new RouteView(
          r.getTask(),
          r.getEpoch(),
          TargetView.of(r.getLive()),
          CanaryView.of(r.getCanary()),
          TargetView.of(r.getShadow()),
          r.getUpdatedAt());
    }
  }

  static String label(Enum<?> symbol) {
    return symbol.name().toLowerCase(Locale.ROOT);
  }
}
