package dev.tidemill.model.tokenizer;

import java.nio.file.Path;
import java.util.List;

/// Learns a byte-level BPE vocabulary (GPT-2's pre-tokenization) and writes it as
/// `tokenizer.json`. The same texts give the same file.
public final class BpeTrainer {
  /// Special tokens of a small chat model, in the order of their numbers.
  public static final List<String> CHAT_TOKENS =
      List.of("<|pad|>", "<|bos|>", "<|user|>", "<|assistant|>", "<|end|>");

  private BpeTrainer() {}

  /// @param vocabSize all tokens: special ones, 256 bytes, merges
  /// @param tokenizerJson the file to write; `tokenizer_config.json` with a chat template goes
  ///     beside it
  public static void train(
      Iterable<String> texts, int vocabSize, List<String> specialTokens, Path tokenizerJson) {
    throw new UnsupportedOperationException();
  }
}
