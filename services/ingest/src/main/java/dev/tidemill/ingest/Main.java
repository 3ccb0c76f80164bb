package dev.tidemill.ingest;

import dev.tidemill.platform.ServiceMain;

/// Runs the gateway as a process: `--config FILE`.
public final class Main {

  private Main() {}

  public static void main(String[] args) {
    ServiceMain.run("ingest", IngestConfig.class, IngestService::new, args);
  }
}
