package dev.tidemill.model.generate;

import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.tidemill.model.kernel.NativeMemory;
import dev.tidemill.model.program.DecoderProgram;
import dev.tidemill.model.program.Native;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Memory for the key-value caches of sequences, of any number of bases: one place of which each
/// sequence has a region. Touched by the thread of its generators only, but for what it tells of
/// its size.
public final class KvPool implements AutoCloseable {
  /// What a pool that grows begins with.
  private static final long FIRST = 64 * 1024;

  /// A part of the pool, in bytes from its beginning.
  record Region(long offset, long bytes) {}

  private record Place(PtNDArray array, IValue argument) {
    void close() {
      argument.close();
      array.close();
    }
  }

  private final PtNDManager manager = Native.newManager();
  private final TreeMap<Long, Long> free = new TreeMap<>();
  private final boolean grows;

  /// Over the same range of bytes: a region is used by one of them alone. Pages that nobody has
  /// written to take no memory.
  private @Nullable Place wide;

  private @Nullable Place narrow;
  private volatile long capacity;
  private final AtomicLong used = new AtomicLong();

  private KvPool(long bytes, boolean grows) {
    this.grows = grows;
    capacity = bytes;
    free.put(0L, bytes);
  }

  /// A pool that is as large as it is.
  public static KvPool of(long bytes) {
    if (bytes < 1) {
      throw new IllegalArgumentException("A pool for caches needs at least 1 byte, not " + bytes);
    }
    return new KvPool(bytes, false);
  }

  /// A pool that becomes larger when it is full.
  static KvPool growing() {
    return new KvPool(FIRST, true);
  }

  /// Bytes there are.
  public long capacity() {
    return capacity;
  }

  /// Bytes that sequences and kept prefixes have.
  public long used() {
    return used.get();
  }

  /// The first part that is large enough and begins at a whole number of rows; null when there is
  /// none.
  @Nullable Region take(long bytes, long row) {
    for (Map.Entry<Long, Long> gap : free.entrySet()) {
      long begin = gap.getKey();
      long end = begin + gap.getValue();
      long offset = (begin + row - 1) / row * row;
      if (offset + bytes <= end) {
        free.remove(begin);
        put(begin, offset - begin);
        put(offset + bytes, end - offset - bytes);
        used.addAndGet(bytes);
        return new Region(offset, bytes);
      }
    }
    return null;
  }

  void give(Region region) {
    long begin = region.offset;
    long length = region.bytes;
    used.addAndGet(-length);
    Map.@Nullable Entry<Long, Long> before = free.lowerEntry(begin);
    if (before != null && before.getKey() + before.getValue() == begin) {
      free.remove(before.getKey());
      begin = before.getKey();
      length += before.getValue();
    }
    @Nullable Long after = free.remove(begin + length);
    put(begin, after == null ? length : length + after);
  }

  private void put(long offset, long bytes) {
    if (bytes > 0) {
      free.put(offset, bytes);
    }
  }

  /// Whether there is room for more, made now when there was not.
  boolean grown(DecoderProgram program, long bytes) {
    if (!grows) {
      return false;
    }
    long more = Math.max(capacity, bytes + FIRST);
    long larger = (capacity + more + FIRST - 1) / FIRST * FIRST;
    @Nullable Place old = program.bf16() ? narrow : wide;
    if (old != null) {
      try (IValue values = IValue.from(larger / program.valueBytes())) {
        keep(program, place(program, larger, "grow", old.argument, values));
      }
      old.close();
    }
    Region added = new Region(capacity, larger - capacity);
    used.addAndGet(added.bytes);
    give(added);
    capacity = larger;
    return true;
  }

  /// Where the pool lies, for programs that compute like this one.
  long address(DecoderProgram program) {
    return NativeMemory.address(held(program).array);
  }

  /// The whole pool, as programs that compute like this one take it.
  IValue argument(DecoderProgram program) {
    return held(program).argument;
  }

  private Place held(DecoderProgram program) {
    @Nullable Place place = program.bf16() ? narrow : wide;
    if (place == null) {
      try (IValue values = IValue.from(capacity / program.valueBytes())) {
        place = place(program, capacity, "room", values);
      }
      keep(program, place);
    }
    return place;
  }

  private Place place(DecoderProgram program, long bytes, String method, IValue... arguments) {
    Shape shape = new Shape(bytes / program.valueBytes());
    PtNDArray array = program.serve(manager, method, shape, arguments);
    return new Place(array, IValue.from(array));
  }

  private void keep(DecoderProgram program, Place place) {
    if (program.bf16()) {
      narrow = place;
    } else {
      wide = place;
    }
  }

  @Override
  public void close() {
    if (wide != null) {
      wide.close();
    }
    if (narrow != null) {
      narrow.close();
    }
    manager.close();
  }
}
