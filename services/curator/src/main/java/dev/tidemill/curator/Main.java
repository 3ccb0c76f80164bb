package dev.tidemill.curator;

import dev.tidemill.platform.ServiceMain;

/// Runs the curator as a process of its own.
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    ServiceMain.run("curator", CuratorConfig.class, CuratorService::new, args);
  }
}
