package dev.tidemill.model.train;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.program.DecoderProgram;
import java.util.ArrayList;
import java.util.List;

/// What virtual tokens have become, in words: the tokens of the base whose embeddings point most
/// nearly the same way.
final class NearestTokens {
  /// Named for each virtual token.
  private static final int NAMED = 3;

  private NearestTokens() {}

  /// The tokens nearest each virtual token.
  ///
  /// @param adapter a dictionary with virtual tokens
  /// @return for each the nearest tokens, the nearest first
  static List<List<String>> of(DecoderProgram program, BaseModel base, IValue adapter) {
    long[] tokens;
    int named = Math.min(NAMED, base.tokenizer().size());
    try (PtNDManager call = program.newManager();
        IValue many = IValue.from((long) named);
        IValue rows = IValue.from((long) base.tokenizer().size());
        PtNDArray nearest =
            program.serve(call, "nearest", many, rows, base.plainWeights().dictionary(), adapter)) {
      tokens = nearest.toLongArray();
    }
    List<List<String>> words = new ArrayList<>();
    for (int at = 0; at < tokens.length; at += named) {
      List<String> near = new ArrayList<>();
      for (int i = at; i < at + named; i++) {
        near.add(base.tokenizer().decode(new int[] {Math.toIntExact(tokens[i])}));
      }
      words.add(near);
    }
    return words;
  }
}
