package dev.tidemill.rollout;

import dev.tidemill.platform.ServiceMain;

/// Runs rollout as a process of its own.
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    ServiceMain.run("rollout", RolloutConfig.class, RolloutService::new, args);
  }
}
