package dev.tidemill.benchmarks.scenario.crash;

import java.nio.file.Path;

/// The settings of the services: nothing in them lets an outcome hang on a clock.
final class Config {
  private Config() {}

  /// Caps are out of reach and the guard is off, since damping goes by the order of arrival.
  static String yaml(String servers, int ingestPort, Path folder, Settings settings) {
    return """
    kafka:
      bootstrap_servers: %s
      replication_factor: 1
    ingest:
      http: {port: %d}
    curator:
      state_directory: %s
      join:
        settle: %dms
        orphan_retention: %dms
      caps: {free: 1000000, producer_free: 100000000}
      guard: {enabled: false}
    """
        .formatted(
            servers,
            ingestPort,
            folder.resolve("state"),
            settings.settle().toMillis(),
            settings.orphanRetention().toMillis());
  }
}
