package dev.tidemill.registry;

import dev.tidemill.platform.config.HttpConfig;
import java.time.Duration;

/// How the registry is run (section `registry`).
///
/// @param http where its REST API listens; any free port of 127.0.0.1 unless told
/// @param commandTimeout how long a REST command waits to be recorded; 30 s unless told
public record RegistryConfig(HttpConfig http, Duration commandTimeout) {
  private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(30);

  public RegistryConfig {
    http = http == null ? HttpConfig.of("127.0.0.1", 0) : http;
    commandTimeout = commandTimeout == null ? DEFAULT_TIMEOUT : commandTimeout;
    if (commandTimeout.isNegative() || commandTimeout.isZero()) {
      throw new IllegalArgumentException("command_timeout must be positive, was " + commandTimeout);
    }
  }

  /// This address, everything else by default.
  public static RegistryConfig of(HttpConfig http) {
    return new RegistryConfig(http, DEFAULT_TIMEOUT);
  }
}
