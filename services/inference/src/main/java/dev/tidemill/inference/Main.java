package dev.tidemill.inference;

import dev.tidemill.platform.ServiceMain;

/// Runs the inference service as a process of its own.
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    ServiceMain.run("inference", InferenceConfig.class, InferenceService::new, args);
  }
}
