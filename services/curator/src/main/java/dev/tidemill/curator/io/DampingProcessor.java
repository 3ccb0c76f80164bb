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
import java.util.Comparator;
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
  private final Standings standings;
  private final HeldEvidence held;

  DampingProcessor(Stage stage, ProcessorContext<String, Output> context) {
    this.stage = stage;
    this.desk = new Desk(context, stage);
    this.caps = stage.config().caps();
    this.window = caps.window().toMillis();
    this.claims = desk.remembered(CLAIMS);
    this.bursts = desk.store(BURSTS);
    this.guard = stage.config().guard();
    this.standings = new Standings(desk.store(STANDINGS), guard, stage.metrics());
    this.held = new HeldEvidence(desk.store(HELD), guard, stage.metrics());
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
                Sweep.atOnce(() -> held.subjects().forEach(this::forgetHeld))),
            List.of(
                Erasing.roll(bursts),
                Erasing.roll(desk.store(CLAIMS)),
                Erasing.roll(desk.store(STANDINGS)),
                Erasing.roll(desk.store(HELD))));
    desk.every(Duration.ofSeconds(1), claims::expire);
    desk.every(caps.window(), now -> forgetOld());
    desk.every(HELD_TICK, now -> held.subjects().forEach(this::release));
    desk.every(guard.window(), now -> standings.expire(desk.streamTime()));
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
    standings.close();
    held.close();
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
      standings.forget(subject);
    }
  }

  // What waits may hold the prompt of an erased subject, whoever gave it.
  private void forgetHeld(String subject) {
    for (HeldEvidence.Entry entry : held.of(subject)) {
      if (erasing.cover(Person.of(entry.evidence().examples().getFirst()))) {
        held.remove(subject, entry);
        desk.refuseErased(entry.evidence());
      }
    }
  }

  private void said(Evidence evidence) {
    if (erasing.cover(Person.of(evidence.examples().getFirst()))) {
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
                .weight((double) caps.producerFree() / CuratorTopology.PARTITIONS)));
    if (guard.on()) {
      compared(evidence, subject, factors);
    } else {
      passed(evidence, factors);
    }
  }

  // Volume and trust, held against all other subjects of this partition.
  private void compared(Evidence evidence, String subject, List<Factor> factors) {
    long now = desk.streamTime();
    double remainder = guard.remainder(now);
    Standing standing = standings.get(subject, now).ask(evidence.examples().size());
    standings.put(subject, standing);
    int crowd = standings.crowd();
    factors.add(
        new Factor("distrusted", Reason.DISTRUSTED, standing.trust(remainder, guard.floor())));
    Evidence heard =
        evidence.heard(
            standing.voice(remainder, guard), (double) crowd * CuratorTopology.PARTITIONS);
    double weight = weight(factors);
    boolean within =
        crowd < guard.crowd() || left(standing, now) >= evidence.examples().size() * weight;
    if (within || weight < caps.minimumWeight()) {
      grant(subject, standing, heard, passed(heard, factors));
    } else if (held.hold(subject, damped(heard, factors), desk.now())) {
      desk.forward(heard.key(), heard.silenced());
    } else {
      factors.add(share(heard, weight, standing, now));
      grant(subject, standing, heard, passed(heard, factors));
    }
  }

  // What waited and is within the subject's share by now goes on; what waited too long does not.
  private void release(String subject) {
    long now = desk.streamTime();
    for (HeldEvidence.Entry entry : held.of(subject)) {
      Evidence evidence = entry.evidence();
      Standing standing = standings.get(subject, now);
      if (left(standing, now) >= evidence.examples().size() * evidence.weight()) {
        held.remove(subject, entry);
        desk.forward(evidence.key(), evidence);
        grant(subject, standing, evidence, evidence.weight());
      } else if (entry.until() <= desk.now()) {
        held.remove(subject, entry);
        List<Factor> share = List.of(share(evidence, evidence.weight(), standing, now));
        grant(subject, standing, evidence, passed(evidence, share));
      }
    }
  }

  private double left(Standing standing, long now) {
    double remainder = guard.remainder(now);
    return standing.allowance(standings.usual(), remainder, guard) - standing.granted(remainder);
  }

  private Factor share(Evidence evidence, double weight, Standing standing, long now) {
    double asked = evidence.examples().size() * weight;
    double share = Math.clamp(left(standing, now) / asked, 0.0, 1.0);
    return new Factor("fair_share", Reason.FAIR_SHARE, share);
  }

  private void grant(String subject, Standing standing, Evidence evidence, double weight) {
    standings.put(subject, standing.grant(evidence.examples().size() * weight));
  }

  // Passes the evidence on with the weight that is left; the answer is that weight.
  private double passed(Evidence evidence, List<Factor> factors) {
    double weight = evidence.weight() * weight(factors);
    if (weight < caps.minimumWeight()) {
      Factor least = factors.stream().min(Comparator.comparingDouble(Factor::weight)).orElseThrow();
      stage.metrics().damped(least.damping());
      stage.metrics().lost(least.damping(), evidence.examples().size() * evidence.weight());
      desk.refuse(evidence.raw(), new Refusal(least.reason(), "subject", detail(evidence, least)));
      return 0;
    }
    desk.forward(evidence.key(), damped(evidence, factors));
    return weight;
  }

  private Evidence damped(Evidence evidence, List<Factor> factors) {
    Evidence damped = evidence;
    for (Factor factor : factors) {
      if (factor.weight() < 1) {
        double lost = damped.weight() * (1 - factor.weight());
        stage.metrics().damped(factor.damping());
        stage.metrics().lost(factor.damping(), evidence.examples().size() * lost);
        damped = damped.damped(factor.weight(), factor.damping());
      }
    }
    return damped;
  }

  private String detail(Evidence evidence, Factor least) {
    String who =
        least.reason() == Reason.PRODUCER_CAP ? evidence.producer() : evidence.subjectKey();
    return "%s gave so much, or so little that others bear out, that this would weigh less than %s (%s)"
        .formatted(who, caps.minimumWeight(), least.damping());
  }

  private void changed(String subject, byte @Nullable [] change) {
    if (change == null) {
      standings.forget(subject);
      return;
    }
    try {
      Trust trust = stage.codecs().trust().decode(change);
      if (erasing.cover(Person.of(trust))) {
        return;
      }
      standings.put(
          subject,
          standings
              .get(subject, desk.streamTime())
              .heard(trust.getAgreed(), trust.getDisagreed(), trust.getWitnesses()));
      release(subject);
    } catch (MalformedRecordException e) {
      // Only the curator writes there; what somebody else put there changes nobody's standing.
      stage.metrics().record(Topics.TRUST.name(), "refused");
    }
  }

  private static double weight(List<Factor> factors) {
    return factors.stream().mapToDouble(Factor::weight).reduce(1, (a, b) -> a * b);
  }

  /// One reason to weigh less.
  ///
  /// @param damping its name on examples
  /// @param reason its name on dead letters
  /// @param weight what it leaves, from 0 to 1
  private record Factor(String damping, Reason reason, double weight) {}

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
