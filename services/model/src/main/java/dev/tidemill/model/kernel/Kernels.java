package dev.tidemill.model.kernel;

/// Whether this process can use the package: the rest of it must not be touched otherwise.
public final class Kernels {
  private static final boolean VECTORS =
      ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();

  private Kernels() {}

  /// Whether the process was started with the module of vectors, and the engine tells where its
  /// tensors lie.
  public static boolean available() {
    return VECTORS && NativeMemory.known();
  }
}
