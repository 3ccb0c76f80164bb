package dev.tidemill.model.train;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.program.DecoderProgram;
import dev.tidemill.model.program.Rope;
import dev.tidemill.model.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Losses of examples under given weights, without learning: what evaluators and trainers share.
final class Losses {
  /// Tokens that go into one program call.
  private static final int TOKENS_PER_CALL = 4096;

  private Losses() {}

  static Evaluation evaluate(
      DecoderProgram program,
      Rope rope,
      DecoderConfig config,
      Tokenizer tokenizer,
      List<TrainingExample> examples,
      IValue weights,
      IValue adapter,
      int virtualTokens) {
    List<TrainingExample> byLength = new ArrayList<>(examples);
    byLength.removeIf(example -> example.labelledTokens() == 0);
    if (byLength.isEmpty()) {
      throw new IllegalArgumentException("There is no labelled token to evaluate on.");
    }
    byLength.sort(Comparator.comparingInt(example -> example.tokens().length));
    double weightedLoss = 0;
    double weightSum = 0;
    double nats = 0;
    long tokens = 0;
    long bytes = 0;
    for (List<TrainingExample> part : parts(byLength)) {
      Batch batch = new Batch(part, config, virtualTokens);
      float[] sums = batch.sumByRow(losses(program, rope, batch, weights, adapter));
      for (int i = 0; i < sums.length; i++) {
        TrainingExample example = part.get(i);
        weightedLoss += (double) sums[i] * example.weight();
        weightSum += (double) example.labelledTokens() * example.weight();
        nats += sums[i];
        tokens += example.labelledTokens();
        bytes += tokenizer.utf8Length(labelledTokens(example));
      }
    }
    double bits = nats / Math.log(2);
    return new Evaluation(
        weightedLoss / weightSum, bytes == 0 ? Double.NaN : bits / bytes, tokens, bytes);
  }

  /// What the program gives for the labelled positions of a batch ([Batch#sumByRow]).
  static float[] losses(
      DecoderProgram program, Rope rope, Batch batch, IValue weights, IValue adapter) {
    rope.ensure(batch.width());
    try (PtNDManager call = program.newManager();
        IValue packed = batch.value(call);
        PtNDArray losses =
            program.serve(
                call, "evaluate", packed, rope.cosines(), rope.sines(), weights, adapter)) {
      return losses.toFloatArray();
    }
  }

  private static List<List<TrainingExample>> parts(List<TrainingExample> byLength) {
    List<List<TrainingExample>> parts = new ArrayList<>();
    List<TrainingExample> part = new ArrayList<>();
    int tokens = 0;
    for (TrainingExample example : byLength) {
      if (!part.isEmpty() && tokens + example.tokens().length > TOKENS_PER_CALL) {
        parts.add(part);
        part = new ArrayList<>();
        tokens = 0;
      }
      part.add(example);
      tokens += example.tokens().length;
    }
    parts.add(part);
    return parts;
  }

  private static int[] labelledTokens(TrainingExample example) {
    int[] tokens = new int[example.labelledTokens()];
    int count = 0;
    for (int i = 1; i < example.tokens().length; i++) {
      if (example.labelled()[i]) {
        tokens[count++] = example.tokens()[i];
      }
    }
    return tokens;
  }
}
