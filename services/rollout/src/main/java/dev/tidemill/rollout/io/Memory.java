package dev.tidemill.rollout.io;

import dev.tidemill.events.Release;
import dev.tidemill.events.Route;
import dev.tidemill.rollout.RolloutConfig;
import dev.tidemill.rollout.domain.Evidence;
import dev.tidemill.rollout.domain.TaskView;
import dev.tidemill.rollout.domain.Trial;
import dev.tidemill.rollout.domain.Verdict;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// All that rollout remembers: what the topics say, the evidence, and which of its decisions have
/// shown no effect yet.
final class Memory {
  private record Pending(String task, String decision, Instant publishedAt) {}

  private final RolloutConfig config;
  private final Desired desired = new Desired();
  private final Evidence evidence;
  private final Map<String, Pending> pending = new HashMap<>();

  Memory(RolloutConfig config) {
    this.config = config;
    this.evidence = new Evidence(config.maxParkedFeedback());
  }

  Desired desired() {
    return desired;
  }

  Evidence evidence() {
    return evidence;
  }

  TaskView view(String task) {
    return desired.view(task, evidence.trial(task));
  }

  /// The share of the traffic of the task's canary; 0 without one.
  double weight(String task) {
    @Nullable Route route = view(task).route();
    return route == null || route.getCanary() == null ? 0 : route.getCanary().getWeight();
  }

  /// Begins and ends trials as the routes say. Present when trials began: the time since which
  /// their evidence is to be read.
  Optional<Instant> refreshTrials() {
    Optional<Instant> from = Optional.empty();
    for (String task : desired.tasks()) {
      @Nullable Trial trial = evidence.trial(task);
      Optional<Trial.Pair> pair = desired.pair(task);
      if (pair.isEmpty()) {
        evidence.end(task);
      } else if (trial == null || !trial.pair().equals(pair.get())) {
        Trial begun = new Trial(pair.get(), config);
        evidence.begin(begun);
        Instant start = begun.pair().startedAt();
        from = from.filter(earlier -> earlier.isBefore(start)).or(() -> Optional.of(start));
      }
    }
    return from;
  }

  void published(Verdict verdict, Instant now) {
    pending.put(verdict.release(), new Pending(verdict.task(), verdict.id(), now));
  }

  /// Whether a decision on the task has yet to show its effect. One that shows none in time is
  /// given up, so that it is taken and published anew, under the same id.
  boolean waits(String task, Instant now) {
    pending
        .entrySet()
        .removeIf(
            entry ->
                applied(entry.getKey(), entry.getValue().decision())
                    || entry.getValue().publishedAt().plus(config.decisionTimeout()).isBefore(now));
    return pending.values().stream().anyMatch(each -> each.task().equals(task));
  }

  private boolean applied(String id, String decision) {
    @Nullable Release release = desired.release(id);
    return release != null
        && release.getTransitions().stream()
            .anyMatch(transition -> transition.getBy().equals("rollout:" + decision));
  }
}
