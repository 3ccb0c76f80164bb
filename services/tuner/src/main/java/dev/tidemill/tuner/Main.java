package dev.tidemill.tuner;

import dev.tidemill.platform.ServiceMain;

/// Runs the tuner as a process: `--config FILE`.
public final class Main {

  private Main() {}

  public static void main(String[] args) {
    ServiceMain.run("tuner", TunerConfig.class, TunerService::new, args);
  }
}
