package dev.tidemill.model.train;

import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.LoraConfig;
import java.nio.file.Path;
import java.util.List;

/// Updates a copy of a base, or an adapter on a frozen base, one program call a step. Owned by
/// the platform thread that made it: every call from another thread is refused.
///
/// A checkpoint is [#saveState]: weights or adapter, optimizer moments and step count; training
/// goes on from it to the bit.
public final class Trainer implements AutoCloseable {
  private Trainer() {}

  /// Trains every weight of a copy of the base.
  public static Trainer full(BaseModel base, OptimizerConfig optimizer) {
    throw new UnsupportedOperationException();
  }

  /// Trains a copy of an adapter; the base stays as it is and stays open until this is closed.
  public static Trainer lora(BaseModel base, Adapter start, OptimizerConfig optimizer) {
    throw new UnsupportedOperationException();
  }

  /// Trains a fresh adapter, initialised from the optimizer's seed.
  public static Trainer lora(BaseModel base, LoraConfig fresh, OptimizerConfig optimizer) {
    throw new UnsupportedOperationException();
  }

  /// One update on one batch: forward, weighted loss at the labelled tokens, gradients, clipping,
  /// AdamW. Examples are padded to the longest of the batch: group them by length.
  ///
  /// @throws NonFiniteLossException when loss or gradient is not finite: nothing was changed
  public StepResult step(List<TrainingExample> batch, double learningRate) {
    throw new UnsupportedOperationException();
  }

  /// One update that makes the chosen answers likelier against the rejected ones, relative to
  /// where this trainer started (direct preference optimization). For adapters only.
  ///
  /// @param beta how strongly the model is held to where it started
  public StepResult preferenceStep(List<PreferencePair> pairs, double learningRate, double beta) {
    throw new UnsupportedOperationException();
  }

  /// Loss of the weights as they are now, without learning.
  public Evaluation evaluate(List<TrainingExample> examples) {
    throw new UnsupportedOperationException();
  }

  /// Steps taken, restored ones included.
  public long steps() {
    throw new UnsupportedOperationException();
  }

  /// Writes everything that training needs to go on into a folder.
  public void saveState(Path folder) {
    throw new UnsupportedOperationException();
  }

  /// Takes over what [#saveState] wrote, from a trainer of the same kind on the same base.
  public void restoreState(Path folder) {
    throw new UnsupportedOperationException();
  }

  /// Writes the trained base as a Hugging Face folder. Only after [#full].
  public void exportBase(Path folder) {
    throw new UnsupportedOperationException();
  }

  /// Writes the trained adapter as PEFT's two files. Only after [#lora].
  public void exportAdapter(Path folder) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}
}
