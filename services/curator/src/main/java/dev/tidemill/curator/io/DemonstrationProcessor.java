package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.Evidence;
import dev.tidemill.curator.domain.ExampleMaker;
import dev.tidemill.curator.domain.Person;
import dev.tidemill.curator.domain.Raw;
import dev.tidemill.curator.domain.Texts;
import dev.tidemill.events.Demonstration;
import dev.tidemill.events.Message;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

/// Makes an example of each demonstration, once for its id.
final class DemonstrationProcessor implements Work<byte[], byte[]> {
  static final String IDS = "demonstration-ids";
  static final String ERASED = "demonstrations-erased";

  private final Stage stage;
  private final Desk desk;
  private final ExampleMaker maker;
  private final Remembered ids;
  private final Erasing erasing;
  private final Entrance<Demonstration> demonstrations;

  DemonstrationProcessor(Stage stage, ProcessorContext<String, Output> context) {
    this.stage = stage;
    this.desk = new Desk(context, stage);
    this.maker = stage.exampleMaker();
    this.ids = desk.remembered(IDS);
    // What is remembered are ids and digests, of which no text can be made.
    this.erasing = new Erasing(stage, desk, ERASED, List.of(), List.of());
    this.demonstrations =
        new Entrance<>(
            desk,
            erasing,
            stage.codecs().demonstrations(),
            Person::of,
            stage.rules()::demonstration,
            this::once);
    desk.every(Duration.ofSeconds(1), ids::expire);
  }

  @Override
  public void process(Record<byte[], byte[]> incoming) {
    Raw raw = desk.raw(incoming);
    if (!desk.tombstone(incoming, raw)) {
      demonstrations.take(raw);
    }
  }

  @Override
  public void close() {
    ids.close();
    erasing.close();
  }

  private void once(Raw raw, Demonstration demonstration) {
    if (!demonstrations.first(
        ids, raw, demonstration.getId(), content(demonstration), "demonstration")) {
      return;
    }
    Evidence evidence = maker.of(demonstration, raw, Instant.ofEpochMilli(desk.now()));
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
