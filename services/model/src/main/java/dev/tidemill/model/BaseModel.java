package dev.tidemill.model;

import dev.tidemill.model.tokenizer.Tokenizer;
import java.nio.file.Path;

/// An immutable base: configuration, tokenizer and weights in native memory. Any number of
/// generators, trainers and evaluators on any threads may use one base at the same time. Whoever
/// decodes with it holds on to it: memory is given back when it is closed and the last user is
/// done.
public final class BaseModel implements AutoCloseable {
  private BaseModel() {}

  /// Loads a Hugging Face folder: `config.json`, `model.safetensors`, `tokenizer.json` and
  /// `tokenizer_config.json` with its chat template.
  ///
  /// @throws ModelFormatException naming file and key or tensor when the folder cannot be used
  public static BaseModel load(Path folder) {
    throw new UnsupportedOperationException();
  }

  /// Writes a folder with random weights that [#load] reads, the same bytes for the same
  /// arguments.
  ///
  /// @param tokenizerJson the tokenizer to copy; a `tokenizer_config.json` beside it is copied
  ///     too, without one the template of [dev.tidemill.model.tokenizer.BpeTrainer] is written
  public static void initialise(Path folder, DecoderConfig config, Path tokenizerJson, long seed) {
    throw new UnsupportedOperationException();
  }

  public DecoderConfig config() {
    throw new UnsupportedOperationException();
  }

  public Tokenizer tokenizer() {
    throw new UnsupportedOperationException();
  }

  /// Size of the weights in native memory.
  public long bytes() {
    throw new UnsupportedOperationException();
  }

  /// Number of weights.
  public long parameters() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}
}
