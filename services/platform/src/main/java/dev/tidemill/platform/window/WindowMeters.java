package dev.tidemill.platform.window;

import dev.tidemill.events.Candidate;
import dev.tidemill.events.GateCheck;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// The meters of one lineage: `tidemill.<service>.*`, tagged with the lineage.
public final class WindowMeters {

  private final MeterRegistry registry;
  private final String prefix;
  private final Tags tags;
  private final Timer train;
  private final Timer freshness;
  private final AtomicLong waiting = new AtomicLong();
  private final AtomicLong examples = new AtomicLong();
  private final AtomicLong generation = new AtomicLong();
  private final Map<String, Holder> gauges = new ConcurrentHashMap<>();

  /// A number that a gauge shows.
  private static final class Holder {
    private volatile double value = Double.NaN;
  }

  /// @param service the service's name
  /// @param lineage the line's name, the same for all its generations
  public WindowMeters(MeterRegistry registry, String service, String lineage) {
    this.registry = registry;
    this.prefix = "tidemill." + service;
    this.tags = Tags.of("lineage", lineage);
    this.train = timer(".train", "Time to train and judge a window");
    this.freshness = timer(".freshness", "From the oldest event of a window to its publication");
    gauge(".lag", "records", "Records that are in the topic and in no window", waiting);
    gauge(".window.examples", "records", "Records of the last window", examples);
    gauge(".generation", null, "Generation of the lineage, from 1", generation);
    for (String outcome : new String[] {"passed", "refused", "dropped", "error"}) {
      windows(outcome).increment(0.0);
    }
    show(".loss", "Mean training loss of the last steps, in nats a token", Tags.empty());
    show(".tokens.per.second", "Tokens trained in a second", Tags.empty());
  }

  /// Loss and speed of the training under way.
  public void training(double loss, double tokensPerSecond) {
    show(".loss", "", Tags.empty()).value = loss;
    show(".tokens.per.second", "", Tags.empty()).value = tokensPerSecond;
  }

  /// Counts records of windows that were not trained, by reason.
  public void skipped(String reason, long count) {
    Counter.builder(prefix + ".skipped")
        .description("Records of windows that did not train")
        .baseUnit("records")
        .tags(tags.and("reason", reason))
        .register(registry)
        .increment((double) count);
  }

  void waiting(long records) {
    waiting.set(records);
  }

  void trained(int records, Duration took) {
    examples.set(records);
    train.record(took);
  }

  void generation(int now) {
    generation.set(now);
  }

  void dropped() {
    windows("dropped").increment();
  }

  void failed() {
    windows("error").increment();
  }

  void published(Candidate candidate, Instant now) {
    windows(candidate.getGate().getPassed() ? "passed" : "refused").increment();
    @Nullable Instant oldest = candidate.getOldestEventTime();
    if (oldest != null) {
      Duration age = Duration.between(oldest, now);
      freshness.record(age.isNegative() ? Duration.ZERO : age);
    }
    for (GateCheck check : candidate.getGate().getChecks()) {
      gate(check.getName(), "candidate", check.getValue());
      gate(check.getName(), "threshold", check.getThreshold());
      @Nullable Double baseline = check.getBaseline();
      if (baseline != null) {
        gate(check.getName(), "live", baseline);
      }
    }
  }

  private void gate(String check, String of, double value) {
    show(".gate.value", "Numbers of the last gate", Tags.of("check", check, "of", of)).value =
        value;
  }

  private Counter windows(String outcome) {
    return Counter.builder(prefix + ".windows")
        .description("Windows by outcome")
        .tags(tags.and("outcome", outcome))
        .register(registry);
  }

  private Timer timer(String name, String description) {
    return Timer.builder(prefix + name).description(description).tags(tags).register(registry);
  }

  private void gauge(String name, @Nullable String unit, String description, AtomicLong value) {
    Gauge.builder(prefix + name, value, AtomicLong::doubleValue)
        .description(description)
        .baseUnit(unit)
        .tags(tags)
        .register(registry);
  }

  private Holder show(String name, String description, Tags more) {
    return gauges.computeIfAbsent(
        name + more,
        key -> {
          Holder holder = new Holder();
          Gauge.builder(prefix + name, holder, h -> h.value)
              .description(description)
              .tags(tags.and(more))
              .strongReference(true)
              .register(registry);
          return holder;
        });
  }
}
