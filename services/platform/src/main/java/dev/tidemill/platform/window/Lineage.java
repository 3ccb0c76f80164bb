package dev.tidemill.platform.window;

import dev.tidemill.platform.kafka.Partitions;
import dev.tidemill.schemas.Topic;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/// A line of windows over one topic.
///
/// @param name for example `tuner/support`
/// @param topic what it reads
/// @param key the key whose partition it reads, as the topic's writers choose it: the task of
///   examples; null when it reads all partitions
public record Lineage<T extends SpecificRecord>(String name, Topic<T> topic, @Nullable String key) {

  public Lineage {
    if (!name.matches("[a-z]+/[A-Za-z0-9._-]+")) {
      throw new IllegalArgumentException(
          "a lineage is named service/name in letters, digits, '.', '_' and '-', not " + name);
    }
  }

  /// The group whose committed offsets mark what was published.
  public String group() {
    return "tidemill-" + name;
  }

  /// Fences a second trainer of the lineage.
  public String transactionalId() {
    return "tidemill-" + name;
  }

  /// Name of the lineage's folder of checkpoints.
  String folderName() {
    return name.replace('/', '-');
  }

  /// The partitions that it reads when the topic has `count` of them: for a key the one that
  /// Kafka's default partitioner puts it into.
  List<TopicPartition> partitions(int count) {
    @Nullable String only = key;
    if (only != null) {
      return List.of(new TopicPartition(topic.name(), Partitions.of(only, count)));
    }
    return IntStream.range(0, count).mapToObj(p -> new TopicPartition(topic.name(), p)).toList();
  }
}
