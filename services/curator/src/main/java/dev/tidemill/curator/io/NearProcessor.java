package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.Person;
import dev.tidemill.curator.domain.Reason;
import dev.tidemill.curator.domain.Refusal;
import dev.tidemill.curator.domain.Texts;
import dev.tidemill.curator.domain.near.Fingerprint;
import dev.tidemill.curator.domain.near.NearDocument;
import dev.tidemill.curator.domain.near.NearIndex;
import dev.tidemill.curator.domain.near.NearMatch;
import dev.tidemill.curator.domain.near.NearRules;
import dev.tidemill.schemas.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/// Publishes documents to training or holdout unless their text is nearly that of a document of
/// another key, on either side. The order of the documents of a key is kept.
final class NearProcessor implements Work<String, Fingerprinted> {
  static final String DOCUMENTS = "near-documents";
  static final String ERASED = "near-erased";
  private static final int NO_SLOT = -1;

  // Of Kafka's in-memory store for an entry: the node of a tree, and its key.
  private static final int STORE_BYTES = 80;

  private final Stage stage;
  private final Desk desk;
  private final NearIndex index;
  private final Erasing erasing;
  private long reportedDocuments;
  private long reportedBytes;

  NearProcessor(Stage stage, ProcessorContext<String, Output> context) {
    this.stage = stage;
    this.desk = new Desk(context, stage);
    NearRules rules = stage.config().near();
    this.index =
        new NearIndex(
            rules.maxDocuments(), rules.window().toMillis(), new Stored(desk.store(DOCUMENTS)));
    report(index.size());
    this.erasing =
        new Erasing(
            stage,
            desk,
            ERASED,
            List.of(Sweep.atOnce(this::forgetErased)),
            List.of(() -> desk.<Integer, byte[]>store(DOCUMENTS).delete(NO_SLOT)));
    desk.every(
        Duration.ofSeconds(1),
        now -> {
          index.expire(now);
          report(index.size());
        });
  }

  @Override
  public void process(Record<String, Fingerprinted> incoming) {
    String key = incoming.key();
    Fingerprinted document = incoming.value();
    if (erasing.cover(Person.of(document.subject(), Instant.ofEpochMilli(document.eventTime())))) {
      desk.refuseErased(document.raw());
      return;
    }
    long keyHash = Texts.hash64(key);
    @Nullable Fingerprint fingerprint = document.fingerprint();
    if (fingerprint == null) {
      index.forget(keyHash);
    } else {
      NearDocument near =
          new NearDocument(
              document.id(),
              keyHash,
              document.heldOut(),
              subjectHash(document.subject()),
              fingerprint);
      @Nullable NearMatch match = index.nearest(near, document.similarity());
      if (match != null) {
        refuse(document, match);
        return;
      }
      index.put(near, desk.now());
    }
    publish(key, document);
  }

  @Override
  public void close() {
    stage.metrics().nearBy(-reportedDocuments, -reportedBytes);
    erasing.close();
  }

  private void forgetErased() {
    Set<Long> erased =
        erasing.subjects().subjects().stream()
            .map(NearProcessor::subjectHash)
            .collect(Collectors.toSet());
    index.forgetSubjects(erased::contains);
  }

  private static long subjectHash(@Nullable String subject) {
    return subject == null ? 0 : Texts.hash64(subject);
  }

  private void publish(String key, Fingerprinted document) {
    byte[] encoded = document.encoded().get();
    long timestamp = document.raw().timestamp();
    if (document.heldOut()) {
      desk.publish(Topics.HOLDOUT.name(), key, encoded, timestamp);
    } else {
      desk.publishBeside(Topics.CURATED_DOCUMENTS.name(), key, document.id(), encoded, timestamp);
    }
    desk.count(document.raw(), "accepted");
    long age = Math.max(0, desk.now() - document.eventTime());
    stage.metrics().document(document.heldOut(), Duration.ofMillis(age));
  }

  private void refuse(Fingerprinted document, NearMatch match) {
    desk.refuse(
        document.raw(),
        new Refusal(
            Reason.NEAR_DUPLICATE,
            "text",
            String.format(
                Locale.ROOT,
                "text has %.3f of its word 5-grams in common with document %s of another key, from"
                    + " %s on it is a near duplicate",
                match.similarity(),
                Refusal.show(match.id()),
                document.similarity())));
  }

  private void report(long documents) {
    long bytes = index.bytes() + documents * STORE_BYTES;
    stage.metrics().nearBy(documents - reportedDocuments, bytes - reportedBytes);
    reportedDocuments = documents;
    reportedBytes = bytes;
  }

  /// The entries of the index in a state store.
  private record Stored(KeyValueStore<Integer, byte[]> entries) implements NearIndex.Storage {
    @Override
    public void put(int slot, byte[] entry) {
      entries.put(slot, entry);
    }

    @Override
    public void delete(int slot) {
      entries.delete(slot);
    }

    @Override
    public void each(Visitor visitor) {
      try (KeyValueIterator<Integer, byte[]> all = entries.all()) {
        while (all.hasNext()) {
          KeyValue<Integer, byte[]> entry = all.next();
          visitor.visit(entry.key, entry.value);
        }
      }
    }
  }
}
