package dev.tidemill.client;

import org.jspecify.annotations.Nullable;

/// The gateway could not be reached, or had no room, at any of the attempts. Pushing the same list
/// again later under [#idempotencyKey()] counts no record twice.
public final class UnavailableException extends TidemillException {

  private static final long serialVersionUID = 1;

  private final String idempotencyKey;

  UnavailableException(String message, String idempotencyKey, @Nullable Throwable cause) {
    super(message, cause);
    this.idempotencyKey = idempotencyKey;
  }

  /// The key to push the same list with again.
  public String idempotencyKey() {
    return idempotencyKey;
  }
}
