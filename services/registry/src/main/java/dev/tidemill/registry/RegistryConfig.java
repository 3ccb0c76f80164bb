package dev.tidemill.registry;

import dev.tidemill.platform.config.HttpConfig;
import java.time.Duration;

/// How the registry is run (section `registry`).
///
/// @param http where its REST API listens; any free port of 127.0.0.1 unless told
/// @param commandTimeout how long a REST command waits to be recorded; 30 s unless told
/// @param quarantine what becomes of quarantined artifacts
public record RegistryConfig(HttpConfig http, Duration commandTimeout, Quarantine quarantine) {
  private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(30);

  /// What becomes of the artifacts of quarantined releases.
  ///
  /// @param keep how long they stay in the store; one hour unless told
  public record Quarantine(Duration keep) {
    public Quarantine {
      keep = keep == null ? Duration.ofHours(1) : keep;
      if (keep.isNegative()) {
        throw new IllegalArgumentException("keep must not be negative, was " + keep);
      }
    }
  }

  public RegistryConfig {
    quarantine = quarantine == null ? new Quarantine(Duration.ofHours(1)) : quarantine;
    http = http == null ? HttpConfig.of("127.0.0.1", 0) : http;
    commandTimeout = commandTimeout == null ? DEFAULT_TIMEOUT : commandTimeout;
    if (commandTimeout.isNegative() || commandTimeout.isZero()) {
      throw new IllegalArgumentException("command_timeout must be positive, was " + commandTimeout);
    }
  }

  /// This address, everything else by default.
  public static RegistryConfig of(HttpConfig http) {
    return new RegistryConfig(http, DEFAULT_TIMEOUT, new Quarantine(Duration.ofHours(1)));
  }
}
