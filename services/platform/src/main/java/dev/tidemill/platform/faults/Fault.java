package dev.tidemill.platform.faults;

import org.jspecify.annotations.Nullable;

/// An error whose type says what the caller should do about it. There are three answers and no
/// fourth: try again ([RetriableFault]), put this input aside ([RejectedFault]), or stop
/// ([FatalFault]).
public abstract sealed class Fault extends RuntimeException
    permits RetriableFault, RejectedFault, FatalFault {

  /// One sentence naming the thing that failed.
  protected Fault(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
