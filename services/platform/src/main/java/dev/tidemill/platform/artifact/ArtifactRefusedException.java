package dev.tidemill.platform.artifact;

import dev.tidemill.platform.faults.RejectedFault;
import org.jspecify.annotations.Nullable;

/// An artifact that must not be used; the message is one sentence with digest, file and reason.
public final class ArtifactRefusedException extends RejectedFault {

  public ArtifactRefusedException(String digest, String file, String reason) {
    this(digest, file, reason, null);
  }

  public ArtifactRefusedException(
      String digest, String file, String reason, @Nullable Throwable cause) {
    super("artifact " + digest + " is refused: " + file + " " + reason, cause);
  }
}
