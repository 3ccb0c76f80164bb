package dev.tidemill.model.program;

import ai.djl.ndarray.NDList;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import org.jspecify.annotations.Nullable;

/// Cosines and sines of the rotary positions, as many as were needed so far.
public final class Rope implements AutoCloseable {
  private static final int LEAST = 256;

  private record Tables(NDList arrays, IValue cosines, IValue sines) {
    void close() {
      cosines.close();
      sines.close();
      arrays.close();
    }
  }

  private final DecoderProgram program;
  private final PtNDManager manager;
  private @Nullable Tables tables;
  private int positions;

  public Rope(DecoderProgram program) {
    this.program = program;
    manager = program.newManager();
  }

  /// Makes sure that a number of positions is there.
  public void ensure(int needed) {
    if (needed > positions) {
      close();
      positions = Math.max(LEAST, Integer.highestOneBit(needed) * 2);
      NDList arrays = program.rope(manager, positions);
      tables =
          new Tables(
              arrays,
              IValue.from((PtNDArray) arrays.get(0)),
              IValue.from((PtNDArray) arrays.get(1)));
    }
  }

  /// Both tables, as arguments of training programs.
  public NDList arrays() {
    return tables().arrays;
  }

  public IValue cosines() {
    return tables().cosines;
  }

  public IValue sines() {
    return tables().sines;
  }

  private Tables tables() {
    Tables made = tables;
    if (made == null) {
      throw new IllegalStateException("No position was asked for yet.");
    }
    return made;
  }

  @Override
  public void close() {
    Tables made = tables;
    if (made != null) {
      made.close();
      tables = null;
    }
  }
}
