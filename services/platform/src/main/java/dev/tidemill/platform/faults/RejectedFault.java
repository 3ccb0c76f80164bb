package dev.tidemill.platform.faults;

import org.jspecify.annotations.Nullable;

/// This input will never be accepted: put it aside with the reason and go on with the next.
public non-sealed class RejectedFault extends Fault {

  public RejectedFault(String message) {
    this(message, null);
  }

  public RejectedFault(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
