package dev.tidemill.curator;

import dev.tidemill.curator.explain.ExplainMain;
import dev.tidemill.platform.ServiceMain;
import java.util.Arrays;

/// Runs the curator as a process of its own; `explain` as the first argument makes it a dry run
/// over files.
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    if (args.length > 0 && args[0].equals("explain")) {
      String[] rest = Arrays.copyOfRange(args, 1, args.length);
      System.exit(ExplainMain.run(rest, System.getenv(), System.out, System.err));
    }
    ServiceMain.run("curator", CuratorConfig.class, CuratorService::new, args);
  }
}
