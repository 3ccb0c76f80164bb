package dev.tidemill.model.train;

import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.IValue;
import dev.tidemill.model.DecoderConfig;
import java.util.List;

/// Batches for tests of other packages.
public final class Batches {
  private Batches() {}

  public static IValue value(
      List<TrainingExample> examples, DecoderConfig config, int virtualTokens, NDManager manager) {
    return new Batch(examples, config, virtualTokens).value(manager);
  }
}
