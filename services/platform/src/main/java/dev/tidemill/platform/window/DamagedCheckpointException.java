package dev.tidemill.platform.window;

import dev.tidemill.platform.faults.FatalFault;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// A checkpoint that must not be used; the message is one sentence naming the file.
public final class DamagedCheckpointException extends FatalFault {

  DamagedCheckpointException(Path file, String reason, @Nullable Throwable cause) {
    super("checkpoint file " + file + " is damaged: " + reason, cause);
  }
}
