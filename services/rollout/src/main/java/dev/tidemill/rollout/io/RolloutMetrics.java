package dev.tidemill.rollout.io;

import dev.tidemill.events.Action;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// What rollout measures. The numbers of a task's running canary are gauges; without a canary they
/// are NaN.
public final class RolloutMetrics implements AutoCloseable {
  /// A gauge of each task: its name, unit and tags, and the number of the trial that it shows.
  private record Shown(String meter, String unit, String tag, String value, String number) {}

  private static final List<Shown> SHOWN = shown();

  private final MeterRegistry registry;
  private final Map<String, Map<String, Double>> byTask = new ConcurrentHashMap<>();
  private final List<Meter> gauges = new ArrayList<>();
  private volatile int parked;
  private final Counter dropped;
  private long droppedBefore;

  public RolloutMetrics(MeterRegistry registry) {
    this.registry = registry;
    for (Action action : Action.values()) {
      decisions(action);
    }
    ignored("malformed");
    ignored("not_a_rating");
    dropped = ignored("parked_too_long");
    gauges.add(
        Gauge.builder("tidemill.rollout.parked.feedback", this, m -> m.parked)
            .description("Feedback that waits for its completion")
            .register(registry));
  }

  void decided(Action action) {
    decisions(action).increment();
  }

  void countIgnored(String reason) {
    ignored(reason).increment();
  }

  void parked(int count, long droppedInAll) {
    parked = count;
    if (droppedInAll > droppedBefore) {
      dropped.increment((double) (droppedInAll - droppedBefore));
    }
    droppedBefore = droppedInAll;
  }

  /// Shows the numbers of the task's trial; empty when none runs.
  void show(String task, Map<String, Double> numbers) {
    if (byTask.put(task, numbers) == null) {
      register(task);
    }
  }

  @Override
  public void close() {
    gauges.forEach(registry::remove);
    gauges.clear();
  }

  private void register(String task) {
    for (Shown shown : SHOWN) {
      Gauge.Builder<?> gauge =
          Gauge.builder(
                  shown.meter(),
                  byTask,
                  all -> all.getOrDefault(task, Map.of()).getOrDefault(shown.number(), Double.NaN))
              .description("The running canary of a task: " + shown.meter().substring(17))
              .tag("task", task)
              .tag(shown.tag(), shown.value());
      if (!shown.unit().isEmpty()) {
        gauge.baseUnit(shown.unit());
      }
      gauges.add(gauge.register(registry));
    }
  }

  private static List<Shown> shown() {
    List<Shown> shown = new ArrayList<>();
    String prefix = "tidemill.rollout.";
    for (String bound : List.of("lower", "upper")) {
      shown.add(new Shown(prefix + "rating.difference", "", "bound", bound, "difference_" + bound));
    }
    shown.add(new Shown(prefix + "canary.age", "seconds", "arm", "canary", "seconds"));
    shown.add(new Shown(prefix + "canary.weight", "", "arm", "canary", "weight"));
    for (String arm : List.of("canary", "live")) {
      shown.add(new Shown(prefix + "ratings", "", "arm", arm, "ratings_" + arm));
      shown.add(new Shown(prefix + "rating.mean", "", "arm", arm, "mean_rating_" + arm));
      shown.add(new Shown(prefix + "completions", "", "arm", arm, "completions_" + arm));
      shown.add(new Shown(prefix + "error.share", "", "arm", arm, "error_share_" + arm));
      shown.add(new Shown(prefix + "empty.share", "", "arm", arm, "empty_share_" + arm));
      shown.add(new Shown(prefix + "cut.off.share", "", "arm", arm, "cut_off_share_" + arm));
      shown.add(new Shown(prefix + "latency.p95", "seconds", "arm", arm, "p95_seconds_" + arm));
      shown.add(
          new Shown(
              prefix + "answer.length", "characters", "arm", arm, "mean_answer_characters_" + arm));
    }
    return List.copyOf(shown);
  }

  private Counter decisions(Action action) {
    return Counter.builder("tidemill.rollout.decisions")
        .description("Decisions published")
        .tag("action", action.name().toLowerCase(Locale.ROOT))
        .register(registry);
  }

  private Counter ignored(String reason) {
    return Counter.builder("tidemill.rollout.ignored")
        .description("Records that are no evidence")
        .tag("reason", reason)
        .register(registry);
  }
}
