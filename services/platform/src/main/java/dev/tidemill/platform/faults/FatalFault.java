package dev.tidemill.platform.faults;

import org.jspecify.annotations.Nullable;

/// Going on would do harm or is pointless: stop the service and say why.
public non-sealed class FatalFault extends Fault {

  public FatalFault(String message) {
    this(message, null);
  }

  public FatalFault(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
