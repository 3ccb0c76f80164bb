package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.Evidence;
import dev.tidemill.events.SourcePosition;
import org.apache.kafka.common.utils.Bytes;

/// What a processor sends on.
public sealed interface Output {

  /// A finished record for a topic, keyed by the key of the stream.
  ///
  /// @param beside the key whose partition it goes into; mostly its own
  record Publish(String topic, String beside, Bytes value) implements Output {}

  /// A tombstone for a raw record.
  record Erase(SourcePosition place) implements Output {}

  /// Evidence for the next stage.
  record Forward(Evidence evidence) implements Output {}

  /// A document for the next stage.
  record Pass(Fingerprinted document) implements Output {}
}
