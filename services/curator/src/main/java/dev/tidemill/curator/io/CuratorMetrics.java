package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.Evidence;
import dev.tidemill.curator.domain.Reason;
import dev.tidemill.curator.guard.Standing;
import dev.tidemill.curator.text.Screening;
import dev.tidemill.curator.text.pii.PiiKind;
import dev.tidemill.schemas.Topics;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// The curator's own meters. They count what processing did; work redone after an aborted
/// transaction is counted again, unlike in the topics.
public final class CuratorMetrics implements Screening.Listener, AutoCloseable {
  private static final List<String> DAMPINGS =
      List.of(
          "subject_burst",
          "producer_burst",
          "fair_share",
          "distrusted",
          "campaign",
          "contradicted");

  private final MeterRegistry registry;
  private final AtomicLong parked = new AtomicLong();
  private final AtomicLong remembered = new AtomicLong();
  private final AtomicLong joins = new AtomicLong();
  private final AtomicLong nearDocuments = new AtomicLong();
  private final AtomicLong nearBytes = new AtomicLong();
  private final Counter threadFailures;
  private final Timer joinLatency;
  private final Timer exampleFreshness;
  private final Timer documentFreshness;
  private final AtomicLong held = new AtomicLong();
  private final Map<Standing.Band, AtomicLong> subjects = new EnumMap<>(Standing.Band.class);
  private final BiasMeters bias;
  private final List<Meter> gauges = new ArrayList<>();

  public CuratorMetrics(MeterRegistry registry) {
    this.registry = registry;
    this.threadFailures =
        Counter.builder("tidemill.curator.thread.failures")
            .description("Stream threads that ended by an error")
            .register(registry);
    this.joinLatency =
        Timer.builder("tidemill.curator.join")
            .description("From the feedback's arrival to its joining")
            .publishPercentileHistogram()
            .minimumExpectedValue(Duration.ofMillis(10))
            .maximumExpectedValue(Duration.ofHours(1))
            .register(registry);
    this.exampleFreshness = freshness("example");
    this.documentFreshness = freshness("document");
    gauge("tidemill.curator.feedback.parked", "Feedback that waits for its completion", parked);
    gauge(
        "tidemill.curator.feedback.held",
        "Feedback beyond its subject's share that waits for others to bear the subject out",
        held);
    gauge("tidemill.curator.completions.retained", "Completion ids held by the join", joins);
    gauge(
        "tidemill.curator.remembered.entries",
        "Ids and digests remembered to recognise repetitions",
        remembered);
    gauge(
        "tidemill.curator.near.documents",
        "Documents remembered to recognise near duplicates",
        nearDocuments);
    gauge(
        "tidemill.curator.near.state.bytes",
        "Heap taken by what is remembered to recognise near duplicates",
        nearBytes);
    for (Standing.Band band : Standing.Band.values()) {
      AtomicLong count = new AtomicLong();
      subjects.put(band, count);
      gauges.add(
          Gauge.builder("tidemill.curator.trust.subjects", count, AtomicLong::doubleValue)
              .description("Subjects heard lately, by how far others bear them out")
              .tag("band", band.name().toLowerCase(Locale.ROOT))
              .register(registry));
    }
    bias = new BiasMeters(registry);
    gauges.addAll(bias.gauges());
    registerCounters();
  }

  /// A record of a raw topic met this outcome.
  void record(String topic, String outcome) {
    counter("tidemill.curator.records", "topic", topic, "outcome", outcome).increment();
  }

  void deadLetter(Reason reason) {
    deadLetters(reason).increment();
  }

  void damped(String reason) {
    counter("tidemill.curator.damped", "reason", reason).increment();
  }

  /// Evidence came that would weigh so much undamped.
  void offered(double weight) {
    counter("tidemill.curator.weight.offered").increment(weight);
  }

  /// A damping took so much weight.
  void lost(String damping, double weight) {
    counter("tidemill.curator.weight.damped", "reason", damping).increment(weight);
  }

  void heldBy(long difference) {
    held.addAndGet(difference);
  }

  void subjectsBy(Standing.Band band, long difference) {
    subjects.getOrDefault(band, new AtomicLong()).addAndGet(difference);
  }

  /// What evidence says of the length of answers, and of answers that repeat the user.
  void bias(Evidence evidence) {
    bias.add(evidence);
  }

  void example(String kind, boolean heldOut, Duration age) {
    counter("tidemill.curator.examples", "kind", kind, "destination", destination(heldOut))
        .increment();
    exampleFreshness.record(age);
  }

  void document(boolean heldOut, Duration age) {
    counter("tidemill.curator.documents", "destination", destination(heldOut)).increment();
    documentFreshness.record(age);
  }

  @Override
  public void replaced(PiiKind kind, int count) {
    counter("tidemill.curator.pii.replaced", "kind", kind.code()).increment(count);
  }

  @Override
  public void language(@Nullable String code) {
    counter("tidemill.curator.languages", "language", code == null ? "unknown" : code).increment();
  }

  void joined(Duration waited) {
    joinLatency.record(waited);
  }

  void parkedBy(long difference) {
    parked.addAndGet(difference);
  }

  void joinsBy(long difference) {
    joins.addAndGet(difference);
  }

  void rememberedBy(long difference) {
    remembered.addAndGet(difference);
  }

  void nearBy(long documents, long bytes) {
    nearDocuments.addAndGet(documents);
    nearBytes.addAndGet(bytes);
  }

  /// A stream thread ended by an error.
  public void threadFailed() {
    threadFailures.increment();
  }

  /// Takes the gauges out of the registry; counters stay, as they count over restarts.
  @Override
  public void close() {
    gauges.forEach(registry::remove);
  }

  // So that a dashboard has a zero where nothing happened yet.
  private void registerCounters() {
    for (Reason reason : Reason.values()) {
      var _ = deadLetters(reason);
    }
    counter("tidemill.curator.weight.offered");
    for (String reason : DAMPINGS) {
      counter("tidemill.curator.damped", "reason", reason);
      counter("tidemill.curator.weight.damped", "reason", reason);
    }
    for (PiiKind kind : PiiKind.values()) {
      counter("tidemill.curator.pii.replaced", "kind", kind.code());
    }
    for (String destination : List.of("training", "holdout")) {
      counter("tidemill.curator.documents", "destination", destination);
      for (String kind : List.of("sft", "preference", "binary")) {
        counter("tidemill.curator.examples", "kind", kind, "destination", destination);
      }
    }
    for (var topic :
        List.of(Topics.DOCUMENTS, Topics.DEMONSTRATIONS, Topics.COMPLETIONS, Topics.FEEDBACK)) {
      for (String outcome : List.of("accepted", "refused", "repeated", "erased")) {
        counter("tidemill.curator.records", "topic", topic.name(), "outcome", outcome);
      }
    }
  }

  private static String destination(boolean heldOut) {
    return heldOut ? "holdout" : "training";
  }

  private Counter deadLetters(Reason reason) {
    return counter(
        "tidemill.curator.dead.letters", "reason", reason.code(), "cause", reason.cause().label());
  }

  private Counter counter(String name, String... tags) {
    return registry.counter(name, tags);
  }

  private Timer freshness(String item) {
    return Timer.builder("tidemill.curator.freshness")
        .description("From the event at the producer to the curated record")
        .tag("item", item)
        .publishPercentileHistogram()
        .minimumExpectedValue(Duration.ofMillis(10))
        .maximumExpectedValue(Duration.ofHours(24))
        .register(registry);
  }

  private void gauge(String name, String description, AtomicLong value) {
    gauges.add(
        Gauge.builder(name, value, AtomicLong::doubleValue)
            .description(description)
            .register(registry));
  }
}
