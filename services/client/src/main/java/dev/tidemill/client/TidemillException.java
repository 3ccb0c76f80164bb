package dev.tidemill.client;

import org.jspecify.annotations.Nullable;

/// A request that came to nothing.
public abstract sealed class TidemillException extends RuntimeException
    permits RefusedException, UnavailableException {

  private static final long serialVersionUID = 1;

  TidemillException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
