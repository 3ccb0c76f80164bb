package dev.tidemill.pretrainer;

import dev.tidemill.platform.ServiceMain;

/// Runs the pretrainer as a process: `--config FILE`.
public final class Main {

  private Main() {}

  public static void main(String[] args) {
    ServiceMain.run("pretrainer", PretrainerConfig.class, PretrainerService::new, args);
  }
}
