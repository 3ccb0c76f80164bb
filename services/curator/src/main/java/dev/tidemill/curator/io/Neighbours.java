package dev.tidemill.curator.io;

import dev.tidemill.curator.guard.Population;
import dev.tidemill.events.Activity;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.MalformedRecordException;
import dev.tidemill.schemas.Topics;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.Stores;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// How much the subjects of all partitions give, as their tasks tell each other through
/// `tidemill.activity`. Kafka Streams' global thread reads it in every process, before any task
/// begins and then as it comes. It names no subject.
final class Neighbours {
  private static final Logger log = LoggerFactory.getLogger(Neighbours.class);
  private static final String STORE = "activity";

  private final AvroCodec<Activity> codec;
  private final Map<String, Population.Histogram> told = new ConcurrentHashMap<>();
  private final AtomicLong revision = new AtomicLong();

  Neighbours(AvroCodec<Activity> codec) {
    this.codec = codec;
  }

  /// Makes the topology read what is told. The store that Kafka Streams wants for it stays empty:
  /// what is read is kept here, once for all tasks of the process.
  void addTo(StreamsBuilder builder) {
    builder.addGlobalStore(
        Stores.keyValueStoreBuilder(
                Stores.inMemoryKeyValueStore(STORE), Serdes.ByteArray(), Serdes.ByteArray())
            .withLoggingDisabled(),
        Topics.ACTIVITY.name(),
        Consumed.with(Serdes.String(), Serdes.ByteArray()),
        Reader::new);
  }

  /// What the task of a partition tells the others.
  byte[] encode(Population.Histogram histogram, long now) {
    return codec.encode(
        Activity.newBuilder()
            .setEpoch(histogram.epoch())
            .setLately(histogram.lately())
            .setPresent(histogram.present())
            .setEventTime(Instant.ofEpochMilli(now))
            .build());
  }

  /// The task of this partition told something.
  void take(String partition, byte[] value) {
    try {
      Activity activity = codec.decode(value);
      told.put(
          partition,
          new Population.Histogram(
              activity.getEpoch(), activity.getLately(), activity.getPresent()));
      revision.incrementAndGet();
    } catch (MalformedRecordException e) {
      log.warn("what partition {} tells is passed over: {}", partition, e.getMessage());
    }
  }

  /// Goes up whenever something is told.
  long revision() {
    return revision.get();
  }

  /// What all but this partition told.
  List<Population.Histogram> besides(String partition) {
    return told.entrySet().stream()
        .filter(entry -> !entry.getKey().equals(partition))
        .map(Map.Entry::getValue)
        .toList();
  }

  private final class Reader implements Processor<String, byte[], Void, Void> {
    @Override
    public void process(Record<String, byte[]> incoming) {
      @Nullable String partition = incoming.key();
      byte @Nullable [] value = incoming.value();
      if (partition != null && value != null) {
        take(partition, value);
      }
    }
  }
}
