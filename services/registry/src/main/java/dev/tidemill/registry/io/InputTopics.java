package dev.tidemill.registry.io;

import dev.tidemill.events.AppliedErasure;
import dev.tidemill.events.Candidate;
import dev.tidemill.events.Decision;
import dev.tidemill.platform.faults.RetriableFault;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.provenance.Applied;
import dev.tidemill.registry.domain.RegistryInput;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.MalformedRecordException;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.Topics;
import dev.tidemill.schemas.UnknownSchemaException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/// What the registry decides on: candidates, decisions and applied erasures, read from where the
/// former instance has committed.
final class InputTopics {
  private static final List<Topic<?>> ALL =
      List.of(Topics.CANDIDATES, Topics.DECISIONS, Topics.APPLIED_ERASURES);

  private final AvroCodec<Candidate> candidates;
  private final AvroCodec<Decision> decisions;
  private final AvroCodec<AppliedErasure> erasures;

  InputTopics(KafkaClients kafka) {
    this.candidates = kafka.codec(Topics.CANDIDATES);
    this.decisions = kafka.codec(Topics.DECISIONS);
    this.erasures = kafka.codec(Topics.APPLIED_ERASURES);
  }

  /// Gives the consumer all partitions, each from its committed offset or else its beginning.
  ///
  /// @return the offsets that are committed
  Map<TopicPartition, Long> seekToCommitted(Consumer<String, byte[]> consumer) {
    List<TopicPartition> partitions = new ArrayList<>();
    for (Topic<?> input : ALL) {
      String topic = input.name();
      var infos = consumer.partitionsFor(topic);
      if (infos == null || infos.isEmpty()) {
        throw new RetriableFault("topic " + topic + " does not exist");
      }
      infos.forEach(info -> partitions.add(new TopicPartition(topic, info.partition())));
    }
    consumer.assign(partitions);
    Map<TopicPartition, OffsetAndMetadata> committed =
        consumer.committed(new HashSet<>(partitions));
    Map<TopicPartition, Long> positions = new HashMap<>();
    for (TopicPartition partition : partitions) {
      @Nullable OffsetAndMetadata at = committed.get(partition);
      if (at == null) {
        consumer.seekToBeginning(List.of(partition));
      } else {
        consumer.seek(partition, at.offset());
        positions.put(partition, at.offset());
      }
    }
    return positions;
  }

  /// @throws MalformedRecordException when the bytes hold no record; says which
  /// @throws RetriableFault when a newer writer's schema is needed: ignored, a candidate would be
  ///     lost
  RegistryInput decode(ConsumerRecord<String, byte[]> record) throws MalformedRecordException {
    String place = "%s-%d offset %d".formatted(record.topic(), record.partition(), record.offset());
    byte @Nullable [] bytes = record.value();
    if (bytes == null) {
      throw new MalformedRecordException(place + " is ignored: the record has no value", null);
    }
    try {
      return decode(record.topic(), bytes);
    } catch (UnknownSchemaException e) {
      throw new RetriableFault(
          "%s waits for an update of the registry: %s".formatted(place, e.getMessage()), e);
    } catch (MalformedRecordException e) {
      throw new MalformedRecordException("%s is ignored: %s".formatted(place, e.getMessage()), e);
    }
  }

  private RegistryInput decode(String topic, byte[] bytes) throws MalformedRecordException {
    if (topic.equals(Topics.CANDIDATES.name())) {
      return new RegistryInput.CandidatePublished(candidates.decode(bytes));
    }
    return topic.equals(Topics.DECISIONS.name())
        ? new RegistryInput.DecisionTaken(decisions.decode(bytes))
        : new RegistryInput.ErasureApplied(Applied.of(erasures.decode(bytes)));
  }
}
