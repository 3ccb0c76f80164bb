package dev.tidemill.model.safetensors;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// Where a tensor lies in a file. Nothing of it is in memory until it is mapped.
///
/// @param file that holds it
/// @param start first byte in the file
@SuppressWarnings("ArrayRecordComponent") // read-only by agreement
public record StoredTensor(Path file, String name, Dtype dtype, int[] shape, long start) {

  /// Bytes of its values.
  public long bytes() {
    return (long) Tensor.elements(shape) * dtype.bytes();
  }

  /// The tensor in a file that is mapped as a whole.
  Tensor in(MemorySegment mapped) {
    return new Tensor(name, dtype, shape, mapped.asSlice(start, bytes()).asByteBuffer());
  }

  /// The tensor, of the file's own pages, which may be touched until the arena is closed.
  public Tensor map(Arena arena) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return new Tensor(
          name,
          dtype,
          shape,
          channel.map(FileChannel.MapMode.READ_ONLY, start, bytes(), arena).asByteBuffer());
    } catch (IOException unreadable) {
      throw new UncheckedIOException("Reading " + file + " failed.", unreadable);
    }
  }
}
