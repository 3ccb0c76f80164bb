package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.Burst;
import dev.tidemill.curator.domain.Caps;
import dev.tidemill.curator.domain.Evidence;
import dev.tidemill.curator.domain.Person;
import dev.tidemill.curator.domain.Reason;
import dev.tidemill.curator.domain.Refusal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/// Damps bursts. It reads evidence by subject, so one task sees all that a subject says, and the
/// subjects of a producer spread evenly over the tasks, so each grants the producer its share.
final class DampingProcessor implements Work<String, Evidence> {
  static final String CLAIMS = "claims";
  static final String BURSTS = "bursts";
  static final String ERASED = "damping-erased";

  private final Stage stage;
  private final Desk desk;
  private final Caps caps;
  private final long window;
  private final Remembered claims;
  private final KeyValueStore<String, Burst> bursts;
  private final Erasing erasing;

  DampingProcessor(Stage stage, ProcessorContext<String, Output> context) {
    this.stage = stage;
    this.desk = new Desk(context, stage);
    this.caps = stage.config().caps();
    this.window = caps.window().toMillis();
    this.claims = desk.remembered(CLAIMS);
    this.bursts = desk.store(BURSTS);
    this.erasing =
        new Erasing(
            stage,
            desk,
            ERASED,
            List.of(
                Sweep.atOnce(() -> claims.forget(this::erased)),
                Sweep.over(bursts, (key, burst) -> forget(key))),
            List.of(Erasing.roll(bursts), Erasing.roll(desk.store(CLAIMS))));
    desk.every(Duration.ofSeconds(1), claims::expire);
    desk.every(caps.window(), now -> forgetOld());
  }

  @Override
  public void process(Record<String, Evidence> incoming) {
    Evidence evidence = incoming.value();
    if (erasing.cover(Person.of(evidence.examples().getFirst()))) {
      desk.refuseErased(evidence);
      return;
    }
    String subject = evidence.subjectKey();
    String claim = subject + "\n" + evidence.key() + "\n" + evidence.claim();
    @Nullable String before = claims.get(claim);
    if (before != null) {
      refuse(
          evidence,
          Reason.DUPLICATE_EVIDENCE,
          "%s said the same of the same prompt in %s".formatted(subject, before));
      return;
    }
    claims.put(claim, evidence.raw().position(), desk.now());
    double subjectWeight = count(subject, evidence).weight(caps.free());
    double producerWeight =
        count("all of " + evidence.producer(), evidence)
            .weight((double) caps.producerFree() / CuratorTopology.PARTITIONS);
    Evidence damped = damp(evidence, subjectWeight, "subject_burst");
    damped = damp(damped, producerWeight, "producer_burst");
    if (damped.weight() >= caps.minimumWeight()) {
      desk.forward(damped.key(), damped);
    } else if (subjectWeight < producerWeight) {
      refuse(evidence, Reason.SUBJECT_CAP, "%s gave".formatted(subject) + more());
    } else {
      refuse(evidence, Reason.PRODUCER_CAP, "%s gave".formatted(evidence.producer()) + more());
    }
  }

  @Override
  public void close() {
    claims.close();
    erasing.close();
  }

  // A claim is remembered under its subject and two digests, a line each.
  private boolean erased(String claim) {
    int second = claim.lastIndexOf('\n');
    int first = claim.lastIndexOf('\n', second - 1);
    return erasing.subjects().named(Evidence.subjectOf(claim.substring(0, first)));
  }

  private void forget(String whose) {
    if (erasing.subjects().named(Evidence.subjectOf(whose))) {
      bursts.delete(whose);
    }
  }

  private Burst count(String whose, Evidence evidence) {
    long eventTime = evidence.examples().getFirst().getEventTime().toEpochMilli();
    @Nullable Burst before = bursts.get(whose);
    Burst after =
        before == null
            ? Burst.first(eventTime, desk.streamTime(), window)
            : before.next(eventTime, desk.streamTime(), window);
    bursts.put(whose, after);
    return after;
  }

  private Evidence damp(Evidence evidence, double weight, String reason) {
    if (weight == 1) {
      return evidence;
    }
    stage.metrics().damped(reason);
    return evidence.damped(weight, reason);
  }

  private void refuse(Evidence evidence, Reason reason, String detail) {
    desk.refuse(evidence.raw(), new Refusal(reason, "subject", detail));
  }

  private String more() {
    return " so much evidence within %s that this would weigh less than %s"
        .formatted(caps.window(), caps.minimumWeight());
  }

  // A window that ended a window ago cannot be counted in again.
  private void forgetOld() {
    List<String> old = new ArrayList<>();
    try (KeyValueIterator<String, Burst> all = bursts.all()) {
      while (all.hasNext()) {
        KeyValue<String, Burst> burst = all.next();
        if (burst.value.start() + 2 * window < desk.streamTime()) {
          old.add(burst.key);
        }
      }
    }
    old.forEach(bursts::delete);
  }
}
