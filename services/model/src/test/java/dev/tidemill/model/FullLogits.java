package dev.tidemill.model;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.tidemill.model.program.DecoderProgram;
import dev.tidemill.model.program.Rope;
import dev.tidemill.model.program.TensorMap;
import dev.tidemill.model.train.Batches;
import dev.tidemill.model.train.Precision;
import dev.tidemill.model.train.TrainingExample;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Logits of a whole sequence without a cache: what the cached path is held against.
public final class FullLogits {
  private FullLogits() {}

  public static float[][] of(BaseModel base, @Nullable Adapter adapter, int[] tokens) {
    return of(base, adapter, tokens, Precision.FP32);
  }

  public static float[][] of(
      BaseModel base, @Nullable Adapter adapter, int[] tokens, Precision precision) {
    try (DecoderProgram program =
            new DecoderProgram(
                base.config(), DecoderProgram.Training.serving(precision == Precision.BF16));
        Rope rope = new Rope(program);
        PtNDManager manager = program.newManager();
        IValue none = TensorMap.emptyDictionary()) {
      TrainingExample example = TrainingExample.text(Arrays.copyOf(tokens, tokens.length + 1));
      int virtual = adapter == null ? 0 : adapter.method().virtualTokens();
      rope.ensure(virtual + 2 * tokens.length);
      try (IValue input = Batches.value(List.of(example), base.config(), virtual, manager);
          PtNDArray logits =
              program.serve(
                  manager,
                  "logits",
                  input,
                  rope.cosines(),
                  rope.sines(),
                  base.weights().dictionary(),
                  adapter == null ? none : adapter.weights().dictionary())) {
        float[] all = logits.toFloatArray();
        int width = base.config().vocabSize();
        float[][] rows = new float[tokens.length][];
        for (int i = 0; i < rows.length; i++) {
          rows[i] = Arrays.copyOfRange(all, i * width, (i + 1) * width);
        }
        return rows;
      }
    }
  }
}
