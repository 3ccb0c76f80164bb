package dev.tidemill.platform.window;

import dev.tidemill.platform.kafka.Partitions;
import dev.tidemill.schemas.Topic;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/// A line of windows over one topic, in one of its generations. The first begins with the line;
/// another begins whenever an erasure has removed a record that the one before had trained.
///
/// @param line for example `tuner/support`
/// @param generation counted from 1
/// @param topic what it reads
/// @param key the key whose partition it reads, as the topic's writers choose it: the task of
///   examples; null when it reads all partitions
public record Lineage<T extends SpecificRecord>(
    String line, int generation, Topic<T> topic, @Nullable String key) {

  private static final char GENERATION = '~';

  public Lineage {
    if (!line.matches("[a-z]+/[A-Za-z0-9._-]+")) {
      throw new IllegalArgumentException(
          "a lineage is named service/name in letters, digits, '.', '_' and '-', not " + line);
    }
    if (generation < 1) {
      throw new IllegalArgumentException("generation must be at least 1, was " + generation);
    }
  }

  /// The first generation.
  public Lineage(String line, Topic<T> topic, @Nullable String key) {
    this(line, 1, topic, key);
  }

  /// Another generation of the line.
  Lineage<T> at(int wanted) {
    return new Lineage<>(line, wanted, topic, key);
  }

  /// The name in candidates and manifests: `tuner/support`, in the second generation
  /// `tuner/support~2`.
  public String name() {
    return nameOf(line, generation);
  }

  /// The name of a generation of a line.
  static String nameOf(String line, int generation) {
    return generation == 1 ? line : line + GENERATION + generation;
  }

  /// The line of a lineage's name.
  static String lineOf(String name) {
    int at = name.lastIndexOf(GENERATION);
    return isGeneration(name, at) ? name.substring(0, at) : name;
  }

  /// The generation in a lineage's name.
  static int generationOf(String name) {
    int at = name.lastIndexOf(GENERATION);
    return isGeneration(name, at) ? Integer.parseInt(name, at + 1, name.length(), 10) : 1;
  }

  private static boolean isGeneration(String name, int at) {
    return at > 0 && name.substring(at + 1).matches("[1-9][0-9]{0,8}");
  }

  /// The group whose committed offsets mark what this generation published.
  public String group() {
    return "tidemill-" + name();
  }

  /// Fences a second trainer of the line, whichever generation that one is in.
  public String transactionalId() {
    return "tidemill-" + line;
  }

  /// Name of the line's folder of checkpoints.
  String folderName() {
    return line.replace('/', '-');
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
