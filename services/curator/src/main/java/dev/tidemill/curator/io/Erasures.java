package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.ErasedSubjects;
import dev.tidemill.curator.domain.Forgetting;
import dev.tidemill.curator.domain.Limits;
import dev.tidemill.curator.domain.Verdict;
import dev.tidemill.events.Erasure;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.MalformedRecordException;
import dev.tidemill.schemas.Topics;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.Stores;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The erasures that this process has read. Kafka Streams' global thread reads all partitions of
/// `.erasures` into it, before any task begins and then as they come: state about a subject is in
/// every partition of every stage, whatever the erasure's own partition.
final class Erasures {
  private static final Logger log = LoggerFactory.getLogger(Erasures.class);
  private static final String STORE = "erasures";

  private final AvroCodec<Erasure> codec;
  private final Limits limits;
  private final ErasedSubjects subjects = new ErasedSubjects();
  private final Map<Integer, Long> read = new ConcurrentHashMap<>();

  Erasures(AvroCodec<Erasure> codec, Limits limits) {
    this.codec = codec;
    this.limits = limits;
  }

  /// Makes the topology read erasures. The store that Kafka Streams wants for it stays empty: what
  /// is read is kept here, once for all tasks of the process.
  void addTo(StreamsBuilder builder) {
    builder.addGlobalStore(
        Stores.keyValueStoreBuilder(
                Stores.inMemoryKeyValueStore(STORE), Serdes.ByteArray(), Serdes.ByteArray())
            .withLoggingDisabled(),
        Topics.ERASURES.name(),
        Consumed.with(Serdes.ByteArray(), Serdes.ByteArray()),
        Reader::new);
  }

  ErasedSubjects subjects() {
    return subjects;
  }

  /// Offset of the last erasure read, by partition. What it names is among [#subjects()] already.
  Map<Integer, Long> read() {
    return new HashMap<>(read);
  }

  private final class Reader implements Processor<byte[], byte[], Void, Void> {
    private @Nullable ProcessorContext<Void, Void> context;

    @Override
    public void init(ProcessorContext<Void, Void> newContext) {
      context = newContext;
    }

    @Override
    public void process(Record<byte[], byte[]> incoming) {
      byte @Nullable [] value = incoming.value();
      if (value != null) {
        take(value, Instant.ofEpochMilli(incoming.timestamp()));
      }
      @Nullable ProcessorContext<Void, Void> began = context;
      if (began != null) {
        began.recordMetadata().ifPresent(place -> read.put(place.partition(), place.offset()));
      }
    }

    // The eraser writes the dead letter of one that holds nothing.
    private void take(byte[] value, Instant arrived) {
      try {
        if (Forgetting.of(codec.decode(value), arrived, limits)
            instanceof Verdict.Accepted<Forgetting>(Forgetting forgetting)) {
          subjects.add(forgetting);
        }
      } catch (MalformedRecordException e) {
        log.warn("an erasure is passed over: {}", e.getMessage());
      }
    }
  }
}
