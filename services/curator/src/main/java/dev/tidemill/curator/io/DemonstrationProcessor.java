package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.Evidence;
import dev.tidemill.curator.domain.ExampleMaker;
import dev.tidemill.curator.domain.Person;
import dev.tidemill.curator.domain.Raw;
import dev.tidemill.curator.domain.Reason;
import dev.tidemill.curator.domain.Refusal;
import dev.tidemill.curator.domain.Texts;
import dev.tidemill.curator.domain.Verdict;
import dev.tidemill.events.Demonstration;
import dev.tidemill.events.Message;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;

/// Makes an example of each demonstration, once for its id.
final class DemonstrationProcessor implements Work<byte[], byte[]> {
  static final String IDS = "demonstration-ids";
  static final String ERASED = "demonstrations-erased";

  private final Stage stage;
  private final Desk desk;
  private final ExampleMaker maker;
  private final Remembered ids;
  private final Erasing erasing;

  DemonstrationProcessor(Stage stage, ProcessorContext<String, Output> context) {
    this.stage = stage;
    this.desk = new Desk(context, stage);
    this.maker = stage.exampleMaker();
    this.ids = desk.remembered(IDS);
    // What is remembered are ids and digests, of which no text can be made.
    this.erasing = new Erasing(stage, desk, ERASED, List.of(), List.of());
    desk.every(Duration.ofSeconds(1), ids::expire);
  }

  @Override
  public void process(Record<byte[], byte[]> incoming) {
    Raw raw = desk.raw(incoming);
    if (desk.tombstone(incoming, raw)) {
      return;
    }
    desk.decode(stage.codecs().demonstrations(), raw)
        .ifPresent(
            demonstration -> {
              if (erasing.cover(Person.of(demonstration))) {
                desk.refuseErased(raw);
                return;
              }
              switch (stage.rules().demonstration(raw, demonstration)) {
                case Verdict.Refused<Demonstration>(Refusal refusal) -> desk.refuse(raw, refusal);
                case Verdict.Accepted<Demonstration>(Demonstration valid) -> once(raw, valid);
              }
            });
  }

  @Override
  public void close() {
    ids.close();
    erasing.close();
  }

  private void once(Raw raw, Demonstration demonstration) {
    long now = desk.now();
    String content = content(demonstration);
    @Nullable String before = ids.get(demonstration.getId());
    if (content.equals(before)) {
      desk.count(raw, "repeated");
      return;
    }
    if (before != null) {
      desk.refuse(
          raw,
          new Refusal(
              Reason.CONFLICTING_ID,
              "id",
              "id %s names another demonstration already"
                  .formatted(Refusal.show(demonstration.getId()))));
      return;
    }
    ids.put(demonstration.getId(), content, now);
    Evidence evidence = maker.of(demonstration, raw, Instant.ofEpochMilli(now));
    byte[] encoded = stage.codecs().examples().encode(evidence.examples().getFirst());
    if (!desk.fits(encoded)) {
      desk.refuse(raw, desk.tooLarge("example", encoded));
      return;
    }
    desk.count(raw, "accepted");
    desk.forward(evidence.key(), evidence);
  }

  private static String content(Demonstration demonstration) {
    List<String> parts = new ArrayList<>();
    parts.add(demonstration.getTask());
    parts.add(demonstration.getAnswer());
    for (Message turn : demonstration.getPrompt()) {
      parts.add(turn.getRole());
      parts.add(turn.getContent());
    }
    return Texts.hash(parts.toArray(String[]::new));
  }
}
