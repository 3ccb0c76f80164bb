package dev.tidemill.platform.faults;

import org.jspecify.annotations.Nullable;

/// The same call may succeed later: a broker is away, a disk is full, a transaction was aborted.
public non-sealed class RetriableFault extends Fault {

  public RetriableFault(String message) {
    this(message, null);
  }

  public RetriableFault(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
