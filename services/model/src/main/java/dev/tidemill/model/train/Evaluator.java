package dev.tidemill.model.train;

import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Measures loss without learning. Owned by the thread that made it.
public final class Evaluator implements AutoCloseable {
  public Evaluator() {}

  /// Loss over the labelled tokens of all examples, weighted as in training.
  public Evaluation evaluate(
      BaseModel base, @Nullable Adapter adapter, List<TrainingExample> examples) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}
}
