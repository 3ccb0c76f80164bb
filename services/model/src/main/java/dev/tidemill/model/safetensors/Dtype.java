package dev.tidemill.model.safetensors;

/// Number formats of a safetensors file that are read; F32 and BF16 are written too.
public enum Dtype {
  F32(4),
  F16(2),
  BF16(2);

  private final int bytes;

  Dtype(int bytes) {
    this.bytes = bytes;
  }

  /// Bytes of one value.
  public int bytes() {
    return bytes;
  }
}
