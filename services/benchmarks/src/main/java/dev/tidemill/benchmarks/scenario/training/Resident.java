package dev.tidemill.benchmarks.scenario.training;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Memory of this process that is resident, as the kernel tells.
public final class Resident {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path MAPPINGS = Path.of("/proc/self/smaps_rollup");

  private Resident() {}

  /// The most there has been.
  public static double peakMib() throws IOException {
    return mib(STATUS, "VmHWM:");
  }

  public static double nowMib() throws IOException {
    return mib(STATUS, "VmRSS:");
  }

  /// What of it lies in huge pages, of which the system makes as many as it likes.
  public static double hugeMib() throws IOException {
    return mib(MAPPINGS, "AnonHugePages:");
  }

  private static double mib(Path file, String key) throws IOException {
    for (String line : Files.readAllLines(file)) {
      if (line.startsWith(key)) {
        return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
      }
    }
    throw new IOException(file + " has no " + key);
  }
}
