package dev.tidemill.platform.window;

import dev.tidemill.platform.artifact.ArtifactStore;
import dev.tidemill.platform.kafka.KafkaClients;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.function.LongSupplier;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

/// Runs the windows of one line by the protocol of this package. [#step] is the step of a
/// [dev.tidemill.platform.lifecycle.ServiceLoop]; after any error the next step begins as a
/// restarted process would.
public final class WindowLoop<T extends SpecificRecord> implements AutoCloseable {

  /// What the loop works with.
  ///
  /// @param stateDir holds a folder of checkpoints for each lineage
  /// @param trainer name of this process in candidates
  /// @param codeVersion of the program, in manifests
  /// @param nanos a clock that never goes back, as [System#nanoTime()]
  public record Settings(
      WindowPolicy policy,
      Path stateDir,
      String trainer,
      String codeVersion,
      InstantSource clock,
      LongSupplier nanos,
      CrashPoints crash) {}

  private final Lineage<T> line;
  private final WindowTrainer<T> trainer;
  private final KafkaClients clients;
  private final ArtifactStore artifacts;
  private final WindowMeters meters;
  private final Settings settings;
  private volatile @Nullable WindowSession<T> session;
  private volatile boolean stopping;

  /// @param line in its first generation; which one counts is found in the topics
  public WindowLoop(
      Lineage<T> line,
      WindowTrainer<T> trainer,
      KafkaClients clients,
      ArtifactStore artifacts,
      WindowMeters meters,
      Settings settings) {
    this.line = line;
    this.trainer = trainer;
    this.clients = clients;
    this.artifacts = artifacts;
    this.meters = meters;
    this.settings = settings;
  }

  /// Reads on, and trains and publishes a window when one is closed. Comes back within a fraction
  /// of a second but for training.
  ///
  /// @param pulse beaten while a window trains
  public void step(Runnable pulse) throws InterruptedException {
    try {
      @Nullable WindowSession<T> now = session;
      if (now == null) {
        now =
            new WindowSession<>(
                line, trainer, clients, artifacts, meters, settings, () -> stopping);
        session = now;
      }
      if (!now.round(pulse)) {
        close();
      }
    } catch (WakeupException e) {
      throw e;
    } catch (RuntimeException | Error | InterruptedException e) {
      meters.failed();
      close();
      throw e;
    }
  }

  /// Makes a step under way come back: reading at once, training at its next progress report. To be
  /// called by any thread; the loop trains no more afterwards.
  public void stop() {
    stopping = true;
    @Nullable WindowSession<T> now = session;
    if (now != null) {
      now.wakeup();
    }
  }

  /// Lets go of clients and folder; only by the thread of the steps.
  @Override
  public void close() {
    @Nullable WindowSession<T> now = session;
    session = null;
    if (now != null) {
      now.close();
    }
  }
}
