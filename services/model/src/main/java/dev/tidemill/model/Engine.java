package dev.tidemill.model;

import ai.djl.ndarray.NDArray;
import dev.tidemill.model.program.Native;
import java.util.List;

/// Settings of the native engine that hold for the whole process.
public final class Engine {
  private Engine() {}

  /// Sets how many threads one native call may use: for the calling thread, and for threads that
  /// have not computed yet. Keep this times the callers (trainers and generators working at once)
  /// within the cores, or every call waits for threads that are not running. Half the cores
  /// unless set.
  public static void setThreads(int intraOp) {
    if (intraOp < 1) {
      throw new IllegalArgumentException(
          "A native call needs at least 1 thread, not " + intraOp + ".");
    }
    Native.setThreads(intraOp);
  }

  public static int threads() {
    return Native.threads();
  }

  /// Version of the native library, for manifests.
  public static String version() {
    return "libtorch " + Native.version();
  }

  /// What is held in native memory right now.
  public static MemoryReport memory() {
    List<NDArray> live = Native.live();
    long bytes = 0;
    for (NDArray array : live) {
      bytes += array.size() * array.getDataType().getNumOfBytes();
    }
    return new MemoryReport(live.size(), bytes);
  }
}
