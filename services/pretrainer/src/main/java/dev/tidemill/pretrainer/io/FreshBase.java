package dev.tidemill.pretrainer.io;

import dev.tidemill.events.CuratedDocument;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.Initialisation;
import dev.tidemill.model.tokenizer.BpeTrainer;
import dev.tidemill.model.tokenizer.Tokenizer;
import dev.tidemill.pretrainer.PretrainerConfig.Fresh;
import java.nio.file.Path;
import java.util.List;

/// A base with random weights whose tokenizer is learned from documents.
final class FreshBase {
  private static final double NORM_EPSILON = 1e-5;
  private static final double ROPE_THETA = 10_000;

  private FreshBase() {}

  /// Writes the base into an empty folder: the same bytes for the same arguments.
  static void write(Fresh fresh, List<CuratedDocument> documents, long seed, Path folder) {
    Path tokenizer = folder.resolve("tokenizer.json");
    BpeTrainer.train(
        documents.stream().map(CuratedDocument::getText).toList(),
        fresh.vocabSize(),
        BpeTrainer.CHAT_TOKENS,
        fresh.preTokenizer(),
        fresh.chatTemplate(),
        tokenizer);
    BaseModel.initialise(
        folder,
        shape(fresh, folder),
        tokenizer,
        new Initialisation(fresh.matricesDeviation(), fresh.embeddingDeviation(), true),
        seed);
  }

  private static DecoderConfig shape(Fresh fresh, Path folder) {
    try (Tokenizer tokenizer = Tokenizer.load(folder)) {
      return new DecoderConfig(
          tokenizer.size(),
          fresh.hiddenSize(),
          fresh.intermediateSize(),
          fresh.layers(),
          fresh.heads(),
          fresh.kvHeads(),
          fresh.hiddenSize() / fresh.heads(),
          NORM_EPSILON,
          ROPE_THETA,
          fresh.maxPositions(),
          true,
          tokenizer.tokenId("<|bos|>").orElseThrow(),
          tokenizer.tokenId("<|end|>").orElseThrow());
    }
  }
}
