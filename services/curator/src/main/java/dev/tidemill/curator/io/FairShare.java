package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.Caps;
import dev.tidemill.curator.domain.Evidence;
import dev.tidemill.curator.domain.Reason;
import dev.tidemill.curator.guard.Guard;
import dev.tidemill.curator.guard.Standing;
import dev.tidemill.events.Trust;
import dev.tidemill.schemas.Topics;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/// What one subject may give, held against all other subjects. What it says within its share goes
/// on at once. What goes beyond waits, judged by the others on its prompt meanwhile, until the last
/// word on it comes: what is borne out by others than the subject's constant companions goes on and
/// costs nothing, the rest pays from the share, or is refused. What paid at once and is borne out
/// gets that back.
///
/// So nothing is credited on first sight: a group that bears out its own looks independent until
/// its members have met often enough.
final class FairShare implements AutoCloseable {
  // Of what the caps leave free, while there are too few subjects to compare with.
  private static final double COLD_START = 0.5;

  private final Stage stage;
  private final Desk desk;
  private final Caps caps;
  private final Guard guard;
  private final Passage passage;
  private final int partition;
  private final Standings standings;
  private final HeldEvidence held;

  FairShare(
      Stage stage,
      Desk desk,
      Passage passage,
      int partition,
      KeyValueStore<String, Standing> standings,
      KeyValueStore<String, Evidence> held) {
    this.stage = stage;
    this.desk = desk;
    this.caps = stage.config().caps();
    this.guard = stage.config().guard();
    this.passage = passage;
    this.partition = partition;
    this.standings =
        new Standings(standings, guard, stage.metrics(), stage.neighbours(), partition);
    this.held = new HeldEvidence(held, guard, stage.metrics());
  }

  /// A subject said something, which is damped so far by these factors.
  void said(Evidence evidence, List<Factor> before) {
    String subject = evidence.subjectKey();
    int examples = evidence.examples().size();
    long now = desk.streamTime();
    Standing standing = standings.get(subject, now).ask(examples);
    standings.put(subject, standing);
    List<Factor> factors = new ArrayList<>(before);
    double trust = standing.trust(guard.remainder(now), guard.floor());
    factors.add(new Factor("distrusted", Reason.DISTRUSTED, trust));
    Evidence heard = heard(evidence, standing, now);
    double weight = Factor.weight(factors);
    boolean within = left(standing, now) >= examples * weight;
    if (within || weight < caps.minimumWeight()) {
      pay(subject, standing, heard, passage.pass(heard, factors));
    } else if (held.hold(subject, passage.damp(heard, factors), desk.now())) {
      desk.forward(heard.key(), heard.silenced());
    } else {
      factors.add(share(heard, weight, standing, now));
      pay(subject, standing, heard, passage.pass(heard, factors));
    }
  }

  /// What others say of a subject has changed.
  void changed(String subject, Trust trust) {
    long now = desk.streamTime();
    List<Integer> witnesses = trust.getWitnesses();
    int told = Math.clamp(trust.getTold(), 0, witnesses.size());
    List<Integer> more = witnesses.subList(told, witnesses.size());
    Standing standing =
        standings
            .get(subject, now)
            .heard(trust.getAgreed(), trust.getDisagreed())
            .met(more, witnesses.size());
    standings.put(subject, standing);
    @Nullable String piece = trust.getPiece();
    if (!trust.getDue() || piece == null) {
      return;
    }
    boolean borneOut = standing.borneOut(witnesses, guard.group(standings.crowd()));
    if (trust.getHeld()) {
      // Before the word came it may have gone on, or waited too long.
      Optional<HeldEvidence.Entry> entry = held.from(subject, piece);
      if (entry.isPresent() && (borneOut || trust.getLast())) {
        judge(subject, entry.get(), borneOut);
      }
    } else if (borneOut) {
      long when = guard.epoch(trust.getEventTime().toEpochMilli());
      standings.put(subject, standing.refund(trust.getWeight(), when));
    }
  }

  /// What waits and is within its subject's share by now goes on, the oldest first, and so does
  /// what was held for its time while there is nobody to compare with. What waits
  /// although the last word is long due is judged without it: its ballot was lost.
  void tick() {
    long now = desk.now();
    standings
        .news()
        .ifPresent(
            news ->
                desk.publish(
                    Topics.ACTIVITY.name(),
                    Integer.toString(partition),
                    stage.neighbours().encode(news, now),
                    now));
    for (String subject : held.subjects()) {
      for (String key : held.keys(subject)) {
        long until = held.until(subject, key);
        boolean alone = standings.crowd() < guard.crowd() && until - held.longer() <= now;
        if (until > now && !alone && !fits(subject, key)) {
          break;
        }
        judge(subject, held.get(subject, key), false);
      }
    }
  }

  /// Forgets a subject's standing.
  void forget(String subject) {
    standings.forget(subject);
  }

  /// Forgets standings of which nothing counts any more.
  void expire() {
    standings.expire(desk.streamTime());
  }

  /// Refuses all that waits and is like this.
  void refuseHeld(Predicate<Evidence> erased) {
    for (String subject : held.subjects()) {
      for (String key : held.keys(subject)) {
        HeldEvidence.Entry entry = held.get(subject, key);
        if (erased.test(entry.evidence())) {
          held.remove(subject, entry);
          desk.refuseErased(entry.evidence());
        }
      }
    }
  }

  @Override
  public void close() {
    standings.close();
    held.close();
  }

  private boolean fits(String subject, String key) {
    long now = desk.streamTime();
    double left = left(standings.get(subject, now), now);
    if (left < caps.minimumWeight()) {
      return false;
    }
    Evidence evidence = held.get(subject, key).evidence();
    return left >= evidence.examples().size() * evidence.weight();
  }

  private void judge(String subject, HeldEvidence.Entry entry, boolean borneOut) {
    long now = desk.streamTime();
    Standing standing = standings.get(subject, now);
    Evidence evidence = heard(entry.evidence(), standing, now);
    double asked = evidence.examples().size() * evidence.weight();
    held.remove(subject, entry);
    if (borneOut) {
      desk.forward(evidence.key(), evidence.settle());
      standings.put(subject, standing.earn(asked));
    } else if (left(standing, now) >= asked || standings.crowd() < guard.crowd()) {
      desk.forward(evidence.key(), evidence);
      pay(subject, standing, evidence, evidence.weight());
    } else {
      List<Factor> share = List.of(share(evidence, evidence.weight(), standing, now));
      pay(subject, standing, evidence, passage.pass(evidence, share));
    }
  }

  private Evidence heard(Evidence evidence, Standing standing, long now) {
    return evidence.heard(standing.voice(guard.remainder(now), guard), standings.crowd());
  }

  private double left(Standing standing, long now) {
    double remainder = guard.remainder(now);
    double granted = standing.granted(remainder);
    if (standings.crowd() < guard.crowd()) {
      return COLD_START * caps.free() - granted;
    }
    return standing.allowance(standings.usual(), remainder, guard) - granted;
  }

  private Factor share(Evidence evidence, double weight, Standing standing, long now) {
    double asked = evidence.examples().size() * weight;
    double share = Math.clamp(left(standing, now) / asked, 0.0, 1.0);
    return new Factor("fair_share", Reason.FAIR_SHARE, share);
  }

  private void pay(String subject, Standing standing, Evidence evidence, double weight) {
    standings.put(subject, standing.grant(evidence.examples().size() * weight));
  }
}
