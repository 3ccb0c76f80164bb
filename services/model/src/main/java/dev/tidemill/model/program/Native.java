package dev.tidemill.model.program;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.JniUtils;
import java.util.List;

/// The native engine of this process: started once, on first use, with telemetry and downloads
/// off. Every native tensor of the module hangs below its root manager, so that what is alive can
/// be counted.
public final class Native {
  private static final PtNDManager ROOT;

  static {
    setDefault("OPT_OUT_TRACKING", "true");
    setDefault("ai.djl.offline", "true");
    ROOT = (PtNDManager) NDManager.newBaseManager(Device.cpu(), "PyTorch");
    ROOT.setName("tidemill");
    // A trainer and a generator work at once: together they must not want more threads than there
    // are
    // cores, or each waits for threads that are not running.
    JniUtils.setNumThreads(Math.max(1, Runtime.getRuntime().availableProcessors() / 2));
  }

  private Native() {}

  /// Makes sure the engine's settings are in place before any native library is loaded.
  public static void start() {
    ROOT.isOpen();
  }

  /// A manager of its own for one owner; closing it frees everything below it.
  public static PtNDManager newManager() {
    return (PtNDManager) ROOT.newSubManager();
  }

  /// Every tensor that is alive.
  public static List<NDArray> live() {
    return ROOT.getManagedArrays();
  }

  public static void setThreads(int intraOp) {
    JniUtils.setNumThreads(intraOp);
  }

  public static int threads() {
    return JniUtils.getNumThreads();
  }

  public static String version() {
    return Engine.getEngine("PyTorch").getVersion();
  }

  private static void setDefault(String key, String value) {
    if (System.getProperty(key) == null) {
      System.setProperty(key, value);
    }
  }
}
