package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.Burst;
import dev.tidemill.curator.domain.Caps;
import dev.tidemill.curator.domain.Evidence;
import dev.tidemill.curator.domain.Person;
import dev.tidemill.curator.domain.Reason;
import dev.tidemill.curator.domain.Refusal;
import dev.tidemill.curator.guard.Guard;
import dev.tidemill.curator.guard.Standing;
import dev.tidemill.events.Trust;
import dev.tidemill.schemas.MalformedRecordException;
import dev.tidemill.schemas.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/// Damps what one subject or producer says too much of, and what comes from subjects that others
/// contradict. It reads evidence by subject, so one task sees all that a subject says, and the
/// subjects of a producer spread evenly over the tasks, so each grants the producer its share.
final class DampingProcessor implements Work<String, Heard> {
  static final String CLAIMS = "claims";
  static final String BURSTS = "bursts";
  static final String ERASED = "damping-erased";
  static final String STANDINGS = "standings";
  static final String HELD = "held";
  private static final Duration HELD_TICK = Duration.ofSeconds(10);

  private final Stage stage;
  private final Desk desk;
  private final Caps caps;
  private final long window;
  private final Remembered claims;
  private final KeyValueStore<String, Burst> bursts;
  private final Erasing erasing;
  private final Guard guard;
  private final Passage passage;
  private final FairShare shares;

  DampingProcessor(Stage stage, ProcessorContext<String, Output> context) {
    this.stage = stage;
    this.desk = new Desk(context, stage);
    this.caps = stage.config().caps();
    this.window = caps.window().toMillis();
    this.claims = desk.remembered(CLAIMS);
    this.bursts = desk.store(BURSTS);
    this.guard = stage.config().guard();
    this.passage = new Passage(desk, stage.metrics(), caps.minimumWeight());
    this.shares =
        new FairShare(
            stage,
            desk,
            passage,
            context.taskId().partition(),
            desk.store(STANDINGS),
            desk.store(HELD));
    this.erasing =
        new Erasing(
            stage,
            desk,
            ERASED,
            List.of(
                Sweep.atOnce(() -> claims.forget(this::erased)),
                Sweep.over(bursts, (key, burst) -> forget(key)),
                Sweep.over(
                    desk.<String, Standing>store(STANDINGS),
                    (key, standing) -> forgetStanding(key)),
                Sweep.atOnce(() -> shares.refuseHeld(this::erased))),
            List.of(
                Erasing.roll(bursts),
                Erasing.roll(desk.store(CLAIMS)),
                Erasing.roll(desk.store(STANDINGS)),
                Erasing.roll(desk.store(HELD))));
    desk.every(Duration.ofSeconds(1), claims::expire);
    desk.every(caps.window(), now -> forgetOld());
    if (guard.on()) {
      desk.every(HELD_TICK, now -> shares.tick());
    }
    desk.every(guard.window(), now -> shares.expire());
  }

  @Override
  public void process(Record<String, Heard> incoming) {
    switch (incoming.value()) {
      case Heard.Said(Evidence evidence) -> said(evidence);
      case Heard.Changed(byte @Nullable [] change) -> changed(incoming.key(), change);
    }
  }

  @Override
  public void close() {
    claims.close();
    shares.close();
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

  private void forgetStanding(String subject) {
    if (erasing.subjects().named(Evidence.subjectOf(subject))) {
      shares.forget(subject);
    }
  }

  // What waits may hold the prompt of an erased subject, whoever gave it.
  private boolean erased(Evidence evidence) {
    return erasing.cover(Person.of(evidence.examples().getFirst()));
  }

  private void said(Evidence evidence) {
    if (erased(evidence)) {
      desk.refuseErased(evidence);
      return;
    }
    String subject = evidence.subjectKey();
    String claim = subject + "\n" + evidence.key() + "\n" + evidence.claim();
    @Nullable String before = claims.get(claim);
    if (before != null) {
      desk.refuse(
          evidence.raw(),
          new Refusal(
              Reason.DUPLICATE_EVIDENCE,
              "subject",
              "%s said the same of the same prompt in %s".formatted(subject, before)));
      return;
    }
    claims.put(claim, evidence.raw().position(), desk.now());
    stage.metrics().offered(evidence.examples().size());
    List<Factor> factors = new ArrayList<>();
    factors.add(
        new Factor(
            "subject_burst", Reason.SUBJECT_CAP, count(subject, evidence).weight(caps.free())));
    factors.add(
        new Factor(
            "producer_burst",
            Reason.PRODUCER_CAP,
            count("all of " + evidence.producer(), evidence)
                .weight((double) caps.producerFree() / stage.partitions())));
    if (guard.on()) {
      shares.said(evidence, factors);
    } else {
      passage.pass(evidence, factors);
    }
  }

  private void changed(String subject, byte @Nullable [] change) {
    if (change == null) {
      shares.forget(subject);
      return;
    }
    try {
      Trust trust = stage.codecs().trust().decode(change);
      if (erasing.cover(Person.of(trust))) {
        return;
      }
      shares.changed(subject, trust);
    } catch (MalformedRecordException e) {
      // Only the curator writes there; what somebody else put there changes nobody's standing.
      stage.metrics().record(Topics.TRUST.name(), "refused");
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
