package dev.tidemill.model.program;

import ai.djl.engine.EngineException;

/// What the engine does on this processor with matrices that are laid out for it, found out once by
/// trying. A processor without AVX-512 has no layout for bf16: matrices stay as they are, which is
/// right and several times slower. One without instructions for 8-bit products (VNNI) adds two of
/// them in 16 bits and cuts off what is more: inputs are rounded to 7 bits there, of which two
/// products always fit.
public final class Processor {
  private record Abilities(boolean packsBf16, boolean wholeInt8) {}

  /// Tried on first use, by a thread that calls the engine.
  private static final class Found {
    private static final Abilities ABILITIES = probe();
  }

  private Processor() {}

  /// Whether matrices in bf16 can be laid out for it.
  public static boolean packsBf16() {
    return Found.ABILITIES.packsBf16;
  }

  /// Whether sums of products of 8 bits are exact, whatever the values.
  public static boolean wholeInt8() {
    return Found.ABILITIES.wholeInt8;
  }

  private static Abilities probe() {
    try (WeightConverter converter = new WeightConverter()) {
      return new Abilities(
          works(converter::packsBf16),
          works(() -> converter.widestSum() == WeightConverter.WIDEST));
    }
  }

  private interface Trial {
    boolean succeeds();
  }

  private static boolean works(Trial trial) {
    try {
      return trial.succeeds();
    } catch (EngineException refused) {
      return false;
    }
  }
}
