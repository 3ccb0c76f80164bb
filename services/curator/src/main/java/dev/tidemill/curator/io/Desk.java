package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.Evidence;
import dev.tidemill.curator.domain.Raw;
import dev.tidemill.curator.domain.Reason;
import dev.tidemill.curator.domain.Refusal;
import dev.tidemill.events.DeadLetter;
import dev.tidemill.events.SourcePosition;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.MalformedRecordException;
import dev.tidemill.schemas.Topics;
import dev.tidemill.schemas.UnknownSchemaException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/// Where a processor takes its records and hands over its results, refusals among them.
public final class Desk {
  /// Marks tombstones that an erasure has written.
  public static final String ERASURE_HEADER = "tidemill-erasure";

  private static final int MOST_DETAIL = 1_000;
  private static final String NAME = "curator";
  private static final Refusal ERASED =
      new Refusal(
          Reason.ERASED_SUBJECT, "subject", "the subject asked to be forgotten after it gave this");

  private final ProcessorContext<String, Output> context;
  private final Stage stage;

  Desk(ProcessorContext<String, Output> context, Stage stage) {
    this.context = context;
    this.stage = stage;
  }

  /// Now, in milliseconds, by the clock of Kafka Streams.
  long now() {
    return context.currentSystemTimeMs();
  }

  /// The time that the records have reached, never ahead of now.
  long streamTime() {
    return Math.min(context.currentStreamTimeMs(), now());
  }

  /// Calls `tick` with the time, again and again, and tells that the thread came round.
  void every(Duration interval, LongConsumer tick) {
    context.schedule(
        interval,
        PunctuationType.WALL_CLOCK_TIME,
        now -> {
          stage.beat().run();
          tick.accept(now);
        });
  }

  /// A bounded memory over the store of this name.
  Remembered remembered(String store) {
    KeyValueStore<String, String> entries = context.getStateStore(store);
    return new Remembered(
        entries,
        stage.config().dedupe().retention().toMillis(),
        stage.config().dedupe().maxEntries(),
        stage.metrics()::rememberedBy);
  }

  <K, V> KeyValueStore<K, V> store(String name) {
    return context.getStateStore(name);
  }

  /// The record as it lay in its topic.
  Raw raw(Record<byte[], byte[]> record) {
    RecordMetadata at =
        context
            .recordMetadata()
            .orElseThrow(() -> new IllegalStateException("a source record has a position"));
    byte @Nullable [] key = record.key();
    byte @Nullable [] value = record.value();
    return new Raw(
        new SourcePosition(at.topic(), at.partition(), at.offset()),
        record.timestamp(),
        key == null ? null : ByteBuffer.wrap(key),
        value == null ? null : ByteBuffer.wrap(value));
  }

  /// Whether this is a tombstone that an erasure has written. It is counted, and nothing more.
  boolean tombstone(Record<byte[], byte[]> record, Raw raw) {
    boolean erasure = raw.payload() == null && record.headers().lastHeader(ERASURE_HEADER) != null;
    if (erasure) {
      count(raw, "erased");
    }
    return erasure;
  }

  /// Refuses a raw record of a subject that asked to be forgotten after giving it, and takes it
  /// away from its topic, which the eraser may have passed already.
  void refuseErased(Raw raw) {
    refuse(raw, ERASED);
    @Nullable ByteBuffer bytes = raw.key();
    if (bytes == null) {
      return;
    }
    String key = StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
    if (bytes.equals(ByteBuffer.wrap(key.getBytes(StandardCharsets.UTF_8)))) {
      RecordHeaders headers = new RecordHeaders();
      headers.add(ERASURE_HEADER, NAME.getBytes(StandardCharsets.UTF_8));
      context.forward(new Record<>(key, new Output.Erase(raw.source()), now(), headers));
    }
  }

  /// Refuses evidence that holds what such a subject gave.
  void refuseErased(Evidence evidence) {
    refuse(evidence.raw(), ERASED);
  }

  /// The record that the bytes hold; when they hold none it is refused and the answer is empty.
  <T extends SpecificRecord> Optional<T> decode(AvroCodec<T> codec, Raw raw) {
    @Nullable ByteBuffer payload = raw.payload();
    if (payload == null) {
      refuse(raw, new Refusal(Reason.MALFORMED_RECORD, null, "the record has no value"));
      return Optional.empty();
    }
    try {
      return Optional.of(codec.decode(Wire.bytes(payload)));
    } catch (UnknownSchemaException e) {
      String detail = String.valueOf(e.getMessage());
      refuse(raw, new Refusal(Reason.UNKNOWN_SCHEMA, null, detail));
      return Optional.empty();
    } catch (MalformedRecordException e) {
      String detail = String.valueOf(e.getMessage());
      refuse(raw, new Refusal(Reason.MALFORMED_RECORD, null, detail));
      return Optional.empty();
    }
  }

  /// Counts what became of a raw record.
  void count(Raw raw, String outcome) {
    stage.metrics().record(raw.source().getTopic(), outcome);
  }

  /// Writes a dead letter.
  void refuse(Raw raw, Refusal refusal) {
    count(raw, "refused");
    stage.metrics().deadLetter(refusal.reason());
    int most = stage.config().limits().maxRecordBytes();
    @Nullable ByteBuffer payload = raw.payload();
    boolean cut = payload != null && payload.remaining() > most;
    boolean erased = refusal.reason() == Reason.ERASED_SUBJECT;
    String detail =
        payload != null && cut
            ? refusal.detail() + " (payload cut from " + payload.remaining() + " bytes)"
            : refusal.detail();
    DeadLetter letter =
        DeadLetter.newBuilder()
            .setSource(raw.source())
            .setReason(refusal.reason().code())
            .setDetail(detail.substring(0, Math.min(MOST_DETAIL, detail.length())))
            .setField(refusal.field())
            .setRecordKey(erased ? null : limited(raw.key(), most / 10))
            .setPayload(erased ? null : limited(payload, most))
            .setService(NAME)
            .setFailedAt(Instant.ofEpochMilli(now()))
            .build();
    publish(
        Topics.DEAD_LETTERS.name(),
        raw.position(),
        stage.codecs().deadLetters().encode(letter),
        now());
  }

  /// Whether what would be written fits into a record.
  boolean fits(byte[] encoded) {
    return encoded.length <= stage.config().limits().maxRecordBytes();
  }

  /// Why it does not fit.
  Refusal tooLarge(String what, byte[] encoded) {
    return new Refusal(
        Reason.RECORD_TOO_LARGE,
        null,
        "the %s would take %d bytes, the most is %d"
            .formatted(what, encoded.length, stage.config().limits().maxRecordBytes()));
  }

  /// Writes a record to a topic.
  void publish(String topic, String key, byte[] value, long timestamp) {
    publishBeside(topic, key, key, value, timestamp);
  }

  /// Writes a record to a topic, into the partition of another key than its own.
  void publishBeside(String topic, String beside, String key, byte[] value, long timestamp) {
    context.forward(
        new Record<>(key, new Output.Publish(topic, beside, Bytes.wrap(value)), timestamp));
  }

  /// Hands evidence to the next stage.
  void forward(String key, Evidence evidence) {
    context.forward(new Record<>(key, new Output.Forward(evidence), evidence.raw().timestamp()));
  }

  /// Hands a document to the next stage.
  void forward(String key, Fingerprinted document) {
    context.forward(new Record<>(key, new Output.Pass(document), document.raw().timestamp()));
  }

  private static @Nullable ByteBuffer limited(@Nullable ByteBuffer buffer, int most) {
    return buffer == null || buffer.remaining() <= most ? buffer : buffer.slice(0, most);
  }
}
