package dev.tidemill.model.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What matrix products of a training step are computed in. Parameters, moments, norms, the
/// residual stream and the loss are fp32 always.
public enum Precision {
  FP32,

  /// About twice as fast where the processor multiplies bf16, and slower where it does not.
  BF16;

  private static final Path PROCESSOR = Path.of("/proc/cpuinfo");

  /// BF16 where this machine's processor multiplies it, otherwise FP32.
  public static Precision fastest() {
    try {
      String flags = Files.exists(PROCESSOR) ? Files.readString(PROCESSOR) : "";
      return flags.contains("avx512_bf16") || flags.contains("amx_bf16") ? BF16 : FP32;
    } catch (IOException unreadable) {
      return FP32;
    }
  }
}
