package dev.tidemill.registry;

import dev.tidemill.platform.ServiceMain;

/// Runs the registry as a process of its own.
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    ServiceMain.run("registry", RegistryConfig.class, RegistryService::new, args);
  }
}
