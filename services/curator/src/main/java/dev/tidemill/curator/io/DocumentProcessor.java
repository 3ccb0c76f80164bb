package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.Person;
import dev.tidemill.curator.domain.Raw;
import dev.tidemill.curator.domain.Reason;
import dev.tidemill.curator.domain.Refusal;
import dev.tidemill.curator.domain.Texts;
import dev.tidemill.curator.domain.near.Fingerprint;
import dev.tidemill.curator.domain.near.NearRules;
import dev.tidemill.events.CuratedDocument;
import dev.tidemill.events.Document;
import dev.tidemill.events.Holdout;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;

/// Lets documents through to the next stage, each text once under its key, with what it takes to
/// tell near duplicates.
final class DocumentProcessor implements Work<byte[], byte[]> {
  static final String IDS = "document-ids";
  static final String TEXTS = "document-texts";
  static final String ERASED = "documents-erased";

  private final Stage stage;
  private final Desk desk;
  private final Remembered ids;
  private final Remembered texts;
  private final Erasing erasing;
  private final Entrance<Document> documents;

  DocumentProcessor(Stage stage, ProcessorContext<String, Output> context) {
    this.stage = stage;
    this.desk = new Desk(context, stage);
    this.ids = desk.remembered(IDS);
    this.texts = desk.remembered(TEXTS);
    // What is remembered are ids and digests, of which no text can be made.
    this.erasing = new Erasing(stage, desk, ERASED, List.of(), List.of());
    this.documents =
        new Entrance<>(
            desk,
            erasing,
            stage.codecs().documents(),
            Person::of,
            stage.rules()::document,
            this::once);
    desk.every(
        Duration.ofSeconds(1),
        now -> {
          ids.expire(now);
          texts.expire(now);
        });
  }

  @Override
  public void process(Record<byte[], byte[]> incoming) {
    Raw raw = desk.raw(incoming);
    if (!desk.tombstone(incoming, raw)) {
      documents.take(raw);
    }
  }

  @Override
  public void close() {
    ids.close();
    texts.close();
    erasing.close();
  }

  private void once(Raw raw, Document document) {
    long now = desk.now();
    String digest = Texts.digest(document.getText());
    String content = Texts.hash(document.getKey(), digest);
    if (!documents.first(ids, raw, document.getId(), content, "document")) {
      return;
    }
    @Nullable String first = texts.get(content);
    if (first != null) {
      desk.refuse(
          raw,
          new Refusal(
              Reason.DUPLICATE,
              "text",
              "text is that of document %s under the same key %s: %s"
                  .formatted(
                      Refusal.show(first),
                      Refusal.show(document.getKey()),
                      Refusal.show(document.getText()))));
      return;
    }
    if (pass(raw, document, digest, now)) {
      texts.put(content, document.getId(), now);
    }
  }

  private boolean pass(Raw raw, Document document, String digest, long now) {
    CuratedDocument curated =
        CuratedDocument.newBuilder()
            .setId(document.getId())
            .setKey(document.getKey())
            .setProducer(document.getProducer())
            .setSource(document.getSource())
            .setSubject(document.getSubject())
            .setText(document.getText())
            .setDigest(digest)
            .setOrigin(raw.source())
            .setEventTime(document.getEventTime())
            .setCuratedAt(Instant.ofEpochMilli(now))
            .build();
    String key = document.getKey();
    boolean heldOut = stage.config().holdout().holdsOut(key);
    byte[] encoded =
        heldOut
            ? stage.codecs().holdout().encode(new Holdout(key, curated))
            : stage.codecs().curatedDocuments().encode(curated);
    if (!desk.fits(encoded)) {
      desk.refuse(raw, desk.tooLarge("curated document", encoded));
      return false;
    }
    NearRules near = stage.config().near();
    Fingerprint fingerprint = Fingerprint.of(document.getText());
    desk.forward(
        key,
        new Fingerprinted(
            raw,
            document.getId(),
            document.getSubject(),
            document.getEventTime().toEpochMilli(),
            heldOut,
            Bytes.wrap(encoded),
            near.similarityOf(document.getSource()),
            fingerprint.shingles() < near.minShingles() ? null : fingerprint));
    return true;
  }
}
