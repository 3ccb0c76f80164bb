package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.Evidence;
import dev.tidemill.curator.domain.EvidenceKind;
import dev.tidemill.curator.domain.ExampleMaker;
import dev.tidemill.curator.domain.Person;
import dev.tidemill.curator.domain.Reason;
import dev.tidemill.curator.domain.Refusal;
import dev.tidemill.curator.guard.Ballots;
import dev.tidemill.curator.guard.Guard;
import dev.tidemill.events.Example;
import dev.tidemill.events.Holdout;
import dev.tidemill.schemas.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/// Writes examples, each once, to training or holdout. It reads evidence by the examples' key, so
/// one task sees all that is said about one prompt.
final class ExampleProcessor implements Work<String, Evidence> {
  static final String IDS = "example-ids";
  static final String BALLOTS = "ballots";
  static final String CAMPAIGNS = "campaigns";
  static final String ERASED = "examples-erased";
  private static final Duration TICK = Duration.ofSeconds(10);
  private static final String CONTRADICTED = "contradicted";
  private static final String CAMPAIGN = "campaign";

  private final Stage stage;
  private final Desk desk;
  private final Remembered ids;
  private final Guard guard;
  private final BallotBox ballots;
  private final CampaignTable campaigns;
  private final Erasing erasing;

  ExampleProcessor(Stage stage, ProcessorContext<String, Output> context) {
    this.stage = stage;
    this.desk = new Desk(context, stage);
    this.ids = desk.remembered(IDS);
    this.guard = stage.config().guard();
    KeyValueStore<String, Ballots> store = desk.store(BALLOTS);
    this.ballots = new BallotBox(stage, desk, store);
    this.campaigns = new CampaignTable(desk.store(CAMPAIGNS), guard);
    this.erasing =
        new Erasing(
            stage,
            desk,
            ERASED,
            List.of(Sweep.over(store, (key, seen) -> ballots.forget(key, this::erased))),
            List.of(Erasing.roll(store)));
    desk.every(Duration.ofSeconds(1), ids::expire);
    desk.every(stage.config().caps().agreementWindow(), now -> ballots.expire());
    desk.every(TICK, ballots::tick);
  }

  @Override
  public void process(Record<String, Evidence> incoming) {
    Evidence evidence = incoming.value();
    if (erasing.cover(Person.of(evidence.examples().getFirst()))) {
      desk.refuseErased(evidence);
      return;
    }
    if (evidence.kind() == EvidenceKind.DEMONSTRATION) {
      publish(evidence);
      return;
    }
    if (evidence.silent()) {
      ballots.cast(evidence, false);
      return;
    }
    stage.metrics().bias(evidence);
    double campaign = guard.on() ? campaigns.weight(evidence, desk.streamTime()) : 1;
    double agreement = ballots.cast(evidence, campaign < 1);
    Evidence damped = damp(damp(evidence, campaign, CAMPAIGN), agreement, CONTRADICTED);
    boolean heldOut = stage.config().holdout().holdsOut(evidence.key());
    // What is held out judges releases; a contradicted answer must not.
    boolean tooLight = damped.weight() < stage.config().caps().minimumWeight();
    if (tooLight && campaign < agreement) {
      lost(damped, damped.weight(), CAMPAIGN);
      desk.refuse(
          evidence.raw(),
          new Refusal(
              Reason.CAMPAIGN, "evidence", "a few subjects say nearly the same of many prompts"));
    } else if (agreement < 1 && (tooLight || heldOut)) {
      lost(damped, damped.weight(), CONTRADICTED);
      desk.refuse(
          evidence.raw(),
          new Refusal(
              Reason.CONTRADICTED,
              "evidence",
              "of the voices lately heard on this prompt %.0f %% agree, and more say otherwise"
                  .formatted(100 * agreement)));
    } else {
      publish(damped);
    }
  }

  @Override
  public void close() {
    ids.close();
    erasing.close();
  }

  private Evidence damp(Evidence evidence, double weight, String damping) {
    if (weight == 1) {
      return evidence;
    }
    stage.metrics().damped(damping);
    lost(evidence, evidence.weight() * (1 - weight), damping);
    return evidence.damped(weight, damping);
  }

  private void lost(Evidence evidence, double weight, String damping) {
    stage.metrics().lost(damping, weight * evidence.examples().size());
  }

  private void publish(Evidence evidence) {
    long now = desk.now();
    for (Example made : evidence.examples()) {
      if (ids.get(made.getId()) != null) {
        desk.count(evidence.raw(), "repeated");
        continue;
      }
      ids.put(made.getId(), "", now);
      Example example = Example.newBuilder(made).setCuratedAt(Instant.ofEpochMilli(now)).build();
      String kind = ExampleMaker.kind(example);
      boolean heldOut = stage.config().holdout().holdsOut(example.getKey());
      if (heldOut) {
        // The topic is compacted: an example of one kind must not replace that of another.
        desk.publish(
            Topics.HOLDOUT.name(),
            example.getKey() + ":" + kind,
            stage.codecs().holdout().encode(new Holdout(example.getKey(), example)),
            evidence.raw().timestamp());
      } else {
        // Trainers read the partition of their task; the id as key lets one example be erased.
        desk.publishBeside(
            Topics.EXAMPLES.name(),
            example.getTask(),
            example.getId(),
            stage.codecs().examples().encode(example),
            evidence.raw().timestamp());
      }
      long age = now - example.getEventTime().toEpochMilli();
      stage.metrics().example(kind, heldOut, Duration.ofMillis(Math.max(0, age)));
    }
  }

  private boolean erased(String subject) {
    return erasing.subjects().named(Evidence.subjectOf(subject));
  }
}
