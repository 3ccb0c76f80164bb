package dev.tidemill.platform.config;

import org.jspecify.annotations.Nullable;

/// The configuration cannot be used; the message is one sentence that names the key.
public final class ConfigException extends RuntimeException {

  public ConfigException(String message) {
    this(message, null);
  }

  public ConfigException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
