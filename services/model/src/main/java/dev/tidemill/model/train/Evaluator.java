package dev.tidemill.model.train;

import ai.djl.pytorch.jni.IValue;
import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.program.DecoderProgram;
import dev.tidemill.model.program.Rope;
import dev.tidemill.model.program.TensorMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Measures loss without learning. Owned by the thread that made it; keeps one program for each
/// shape of base it has seen.
public final class Evaluator implements AutoCloseable {
  private final Map<Shape, Kit> kits = new HashMap<>();
  private final IValue noAdapter = TensorMap.emptyDictionary();

  private record Shape(DecoderConfig config, boolean bf16) {}

  private record Kit(DecoderProgram program, Rope rope) {}

  /// Loss over the labelled tokens of all examples, weighted as in training.
  public Evaluation evaluate(
      BaseModel base, @Nullable Adapter adapter, List<TrainingExample> examples) {
    Kit kit = kits.computeIfAbsent(new Shape(base.config(), base.bf16()), Evaluator::kit);
    TensorMap weights = base.plainWeights().acquire();
    try {
      if (adapter == null) {
        return evaluate(kit, base, examples, noAdapter, 0);
      }
      TensorMap delta = adapter.weights().acquire();
      try {
        return evaluate(kit, base, examples, delta.dictionary(), adapter.method().virtualTokens());
      } finally {
        delta.release();
      }
    } finally {
      weights.release();
    }
  }

  private static Evaluation evaluate(
      Kit kit, BaseModel base, List<TrainingExample> examples, IValue adapter, int virtualTokens) {
    return Losses.evaluate(
        kit.program,
        kit.rope,
        base.config(),
        base.tokenizer(),
        examples,
        base.plainWeights().dictionary(),
        adapter,
        virtualTokens);
  }

  private static Kit kit(Shape shape) {
    DecoderProgram program =
        new DecoderProgram(shape.config, DecoderProgram.Training.serving(shape.bf16));
    return new Kit(program, new Rope(program));
  }

  @Override
  public void close() {
    for (Kit kit : kits.values()) {
      kit.rope.close();
      kit.program.close();
    }
    kits.clear();
    noAdapter.close();
  }
}
