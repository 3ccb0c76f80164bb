package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.Agreement;
import dev.tidemill.curator.domain.Evidence;
import dev.tidemill.curator.domain.EvidenceKind;
import dev.tidemill.curator.domain.ExampleMaker;
import dev.tidemill.curator.domain.Person;
import dev.tidemill.curator.domain.Reason;
import dev.tidemill.curator.domain.Refusal;
import dev.tidemill.events.Example;
import dev.tidemill.events.Holdout;
import dev.tidemill.schemas.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/// Writes examples, each once, to training or holdout. It reads evidence by the examples' key, so
/// one task sees all that is said about one prompt.
final class ExampleProcessor implements Work<String, Evidence> {
  static final String IDS = "example-ids";
  static final String AGREEMENTS = "agreements";
  static final String ERASED = "examples-erased";
  private static final String CONTRADICTED = "contradicted";

  private final Stage stage;
  private final Desk desk;
  private final Remembered ids;
  private final KeyValueStore<String, Agreement> agreements;
  private final Erasing erasing;

  ExampleProcessor(Stage stage, ProcessorContext<String, Output> context) {
    this.stage = stage;
    this.desk = new Desk(context, stage);
    this.ids = desk.remembered(IDS);
    this.agreements = desk.store(AGREEMENTS);
    this.erasing =
        new Erasing(
            stage,
            desk,
            ERASED,
            List.of(Sweep.over(agreements, this::forget)),
            List.of(Erasing.roll(agreements)));
    desk.every(Duration.ofSeconds(1), ids::expire);
    desk.every(stage.config().caps().agreementWindow(), this::forgetOld);
  }

  @Override
  public void process(Record<String, Evidence> incoming) {
    Evidence evidence = incoming.value();
    if (erasing.cover(Person.of(evidence.examples().getFirst()))) {
      desk.refuseErased(evidence);
      return;
    }
    double agreement = agreement(evidence);
    if (agreement == 1) {
      publish(evidence);
      return;
    }
    stage.metrics().damped(CONTRADICTED);
    Evidence damped = evidence.damped(agreement, CONTRADICTED);
    boolean heldOut = stage.config().holdout().holdsOut(evidence.key());
    if (heldOut || damped.weight() < stage.config().caps().minimumWeight()) {
      desk.refuse(
          evidence.raw(),
          new Refusal(
              Reason.CONTRADICTED,
              "evidence.text",
              "of the subjects that lately corrected this prompt %.0f %% agree, and more say otherwise"
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

  // What is held out judges releases; a contradicted answer must not.
  private double agreement(Evidence evidence) {
    if (evidence.kind() != EvidenceKind.CORRECTION) {
      return 1;
    }
    long now = desk.streamTime();
    @Nullable Agreement before = agreements.get(evidence.key());
    Agreement.Voice voice = new Agreement.Voice(evidence.subjectKey(), evidence.claim(), now);
    Agreement after =
        (before == null ? Agreement.NONE : before)
            .with(voice, now - stage.config().caps().agreementWindow().toMillis());
    agreements.put(evidence.key(), after);
    return after.weight(evidence.claim());
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

  private void forget(String key, Agreement seen) {
    Agreement left = seen.without(voice -> erasing.subjects().named(Evidence.subjectOf(voice)));
    if (left.voices().size() < seen.voices().size()) {
      @Nullable Agreement present = agreements.get(key);
      if (present != null) {
        agreements.put(
            key, present.without(voice -> erasing.subjects().named(Evidence.subjectOf(voice))));
      }
    }
  }

  private void forgetOld(long now) {
    long since = desk.streamTime() - stage.config().caps().agreementWindow().toMillis();
    List<String> old = new ArrayList<>();
    try (KeyValueIterator<String, Agreement> all = agreements.all()) {
      while (all.hasNext()) {
        KeyValue<String, Agreement> entry = all.next();
        if (entry.value.voices().stream().allMatch(voice -> voice.at() < since)) {
          old.add(entry.key);
        }
      }
    }
    old.forEach(agreements::delete);
  }
}
