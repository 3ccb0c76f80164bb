package dev.tidemill.pretrainer;

import dev.tidemill.model.Engine;
import dev.tidemill.platform.Service;
import dev.tidemill.platform.ServiceContext;
import dev.tidemill.platform.window.CrashPoints;
import dev.tidemill.pretrainer.io.Pretraining;
import java.util.Objects;

/// Trains one line of bases from the curated documents.
public final class PretrainerService implements Service {
  private final PretrainerConfig config;
  private final Pretraining pretraining;

  public PretrainerService(ServiceContext context, PretrainerConfig config) {
    this(context, config, CrashPoints.fromSystemProperty());
  }

  /// @param crash where tests end the pretrainer
  public PretrainerService(ServiceContext context, PretrainerConfig config, CrashPoints crash) {
    this.config = config;
    String version =
        Objects.requireNonNullElse(
            PretrainerService.class.getPackage().getImplementationVersion(), "development");
    this.pretraining = new Pretraining(context, config, version, crash);
  }

  @Override
  public void start() {
    if (config.threads() > 0) {
      Engine.setThreads(config.threads());
    }
    pretraining.start();
  }

  @Override
  public void close() {
    pretraining.close();
  }
}
