package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.Evidence;
import org.apache.kafka.common.utils.Bytes;

/// What a processor sends on.
public sealed interface Output {

  /// A finished record for a topic, keyed by the key of the stream.
  record Publish(String topic, Bytes value) implements Output {}

  /// Evidence for the next stage.
  record Forward(Evidence evidence) implements Output {}
}
