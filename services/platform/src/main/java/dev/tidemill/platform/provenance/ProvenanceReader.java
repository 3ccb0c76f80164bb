package dev.tidemill.platform.provenance;

import dev.tidemill.events.AppliedErasure;
import dev.tidemill.events.Candidate;
import dev.tidemill.platform.faults.RetriableFault;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.MalformedRecordException;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Follows the candidates and the applied erasures, as far as they are committed. For one thread,
/// but for [#wakeup()].
public final class ProvenanceReader implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(ProvenanceReader.class);
  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Consumer<String, byte[]> consumer;
  private final List<TopicPartition> partitions = new ArrayList<>();
  private final AvroCodec<Candidate> candidates;
  private final AvroCodec<AppliedErasure> erasures;
  private Provenance provenance = Provenance.EMPTY;

  /// @param name tells its client from others of the process
  public ProvenanceReader(KafkaClients clients, String name) {
    candidates = clients.codec(Topics.CANDIDATES);
    erasures = clients.codec(Topics.APPLIED_ERASURES);
    consumer = clients.reader("provenance-" + name);
    try {
      for (Topic<?> topic : List.of(Topics.CANDIDATES, Topics.APPLIED_ERASURES)) {
        @Nullable List<PartitionInfo> infos = consumer.partitionsFor(topic.name());
        if (infos == null || infos.isEmpty()) {
          throw new RetriableFault("topic " + topic.name() + " does not exist");
        }
        infos.forEach(info -> partitions.add(new TopicPartition(info.topic(), info.partition())));
      }
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
    } catch (RuntimeException e) {
      consumer.close();
      throw e;
    }
  }

  /// Reads everything that is committed by now.
  ///
  /// @throws RetriableFault when the ends are not reached in time
  public Provenance readToEnd() {
    Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    consumer.resume(partitions);
    while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
      take(consumer.poll(POLL));
      if (System.nanoTime() > deadline) {
        throw new RetriableFault(
            "the ends of candidates and applied erasures were not reached within %d s"
                .formatted(PATIENCE.toSeconds()));
      }
    }
    consumer.pause(partitions);
    return provenance;
  }

  /// Makes a reading under way, or the next one, end with a
  /// [org.apache.kafka.common.errors.WakeupException].
  public void wakeup() {
    consumer.wakeup();
  }

  @Override
  public void close() {
    consumer.close();
  }

  private void take(ConsumerRecords<String, byte[]> records) {
    List<Origin> published = new ArrayList<>();
    List<Applied> applied = new ArrayList<>();
    for (ConsumerRecord<String, byte[]> record : records) {
      byte @Nullable [] bytes = record.value();
      try {
        if (bytes == null) {
          throw new MalformedRecordException("it has no value", null);
        }
        if (record.topic().equals(Topics.CANDIDATES.name())) {
          published.add(Origin.of(candidates.decode(bytes)));
        } else {
          applied.add(Applied.of(erasures.decode(bytes)));
        }
      } catch (MalformedRecordException e) {
        log.warn(
            "{}-{} offset {} is ignored: {}",
            record.topic(),
            record.partition(),
            record.offset(),
            e.getMessage());
      }
    }
    provenance = provenance.with(published, applied);
  }
}
