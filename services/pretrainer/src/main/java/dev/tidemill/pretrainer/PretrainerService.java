package dev.tidemill.pretrainer;

import dev.tidemill.model.Engine;
import dev.tidemill.platform.Service;
import dev.tidemill.platform.ServiceContext;
import dev.tidemill.pretrainer.io.Pretraining;
import java.util.Objects;

/// Trains one line of bases from the curated documents.
public final class PretrainerService implements Service {
  private final PretrainerConfig config;
  private final Pretraining pretraining;

  public PretrainerService(ServiceContext context, PretrainerConfig config) {
    this.config = config;
    String version =
        Objects.requireNonNullElse(
            PretrainerService.class.getPackage().getImplementationVersion(), "unreleased");
    String trainer = "pretrainer-" + ProcessHandle.current().pid();
    this.pretraining = new Pretraining(context, config, version, trainer);
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
