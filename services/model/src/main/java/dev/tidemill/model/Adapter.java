package dev.tidemill.model;

import java.nio.file.Path;

/// An immutable low-rank delta on one exact base, in PEFT's two files. It is checked when it is
/// loaded: every tensor fits the base and every value is finite. Memory is given back when it is
/// closed and the last decoding that started with it has ended.
public final class Adapter implements AutoCloseable {
  private Adapter() {}

  /// Loads `adapter_config.json` and `adapter_model.safetensors`.
  ///
  /// @throws AdapterFormatException naming the file and tensor or key when the adapter is damaged
  ///     or does not fit the base
  public static Adapter load(Path folder, DecoderConfig base) {
    throw new UnsupportedOperationException();
  }

  /// A fresh adapter that changes nothing yet: A is random, B is zero.
  public static Adapter initialise(LoraConfig config, DecoderConfig base, long seed) {
    throw new UnsupportedOperationException();
  }

  /// Writes PEFT's two files, the same bytes for the same adapter.
  public void save(Path folder) {
    throw new UnsupportedOperationException();
  }

  public LoraConfig config() {
    throw new UnsupportedOperationException();
  }

  /// Size in native memory.
  public long bytes() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}
}
