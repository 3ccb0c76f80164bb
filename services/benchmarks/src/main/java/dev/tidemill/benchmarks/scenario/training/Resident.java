package dev.tidemill.benchmarks.scenario.training;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Memory of this process that is resident, as the kernel tells.
public final class Resident {
  private static final Path STATUS = Path.of("/proc/self/status");

  private Resident() {}

  /// The most there has been.
  public static double peakMib() throws IOException {
    return mib("VmHWM:");
  }

  public static double nowMib() throws IOException {
    return mib("VmRSS:");
  }

  private static double mib(String key) throws IOException {
    for (String line : Files.readAllLines(STATUS)) {
      if (line.startsWith(key)) {
        return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
      }
    }
    throw new IOException(STATUS + " has no " + key);
  }
}
