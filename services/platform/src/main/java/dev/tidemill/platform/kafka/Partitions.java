package dev.tidemill.platform.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.apache.kafka.common.utils.Utils;

/// Which partition a key belongs to.
public final class Partitions {
  private Partitions() {}

  /// The partition that Kafka's default partitioner puts a key into when there are `count` of them.
  public static int of(String key, int count) {
    return Utils.toPositive(Utils.murmur2(key.getBytes(UTF_8))) % count;
  }
}
