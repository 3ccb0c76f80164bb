package dev.tidemill.ingest;

import java.time.Duration;
import java.util.Locale;
import java.util.Map;

/// How the gateway's Kafka producer gathers records (`ingest.producer`).
///
/// @param linger how long it waits for company for a record; 2 ms
/// @param batchBytes longest batch for a partition; 256 KiB
/// @param compression none, gzip, snappy, lz4 or zstd; lz4
/// @param bufferBytes memory for records that wait for the broker; 64 MiB
public record ProducerSettings(
    Duration linger, int batchBytes, Compression compression, long bufferBytes) {

  /// How batches are packed.
  public enum Compression {
    NONE,
    GZIP,
    SNAPPY,
    LZ4,
    ZSTD
  }

  public ProducerSettings {
    linger = linger == null ? Duration.ofMillis(2) : linger;
    batchBytes = batchBytes == 0 ? 256 * 1024 : batchBytes;
    compression = compression == null ? Compression.LZ4 : compression;
    bufferBytes = bufferBytes == 0 ? 64L * 1024 * 1024 : bufferBytes;
    if (linger.isNegative()) {
      throw new IllegalArgumentException("linger must not be negative, was " + linger);
    }
    if (batchBytes < 0) {
      throw new IllegalArgumentException("batch_bytes must be positive, was " + batchBytes);
    }
    if (bufferBytes < batchBytes) {
      throw new IllegalArgumentException(
          "buffer_bytes must be at least batch_bytes, was " + bufferBytes);
    }
  }

  /// The defaults.
  @SuppressWarnings("NullAway") // what is left out is null, as in a settings file
  public static ProducerSettings defaults() {
    return new ProducerSettings(null, 0, null, 0);
  }

  /// The properties of a Kafka producer.
  public Map<String, String> properties() {
    return Map.of(
        "linger.ms", Long.toString(linger.toMillis()),
        "batch.size", Integer.toString(batchBytes),
        "compression.type", compression.name().toLowerCase(Locale.ROOT),
        "buffer.memory", Long.toString(bufferBytes));
  }
}
