package dev.tidemill.model;

/// Settings of the native engine that hold for the whole process.
public final class Engine {
  private Engine() {}

  /// Sets how many threads one native call may use. Keep this times the callers (trainers and
  /// generators working at once) within the cores. Call it before the first model is loaded.
  public static void setThreads(int intraOp) {
    throw new UnsupportedOperationException();
  }

  public static int threads() {
    throw new UnsupportedOperationException();
  }

  /// Version of the native library, for manifests.
  public static String version() {
    throw new UnsupportedOperationException();
  }

  /// What is held in native memory right now.
  public static MemoryReport memory() {
    throw new UnsupportedOperationException();
  }
}
