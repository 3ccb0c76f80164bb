package dev.tidemill.benchmarks.scenario;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.LongAdder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Reads memory that no cache holds, and does no more with it than to sum it up: what decoding can
/// be as fast as. Each thread reads a part.
final class ReadBandwidth implements AutoCloseable {
  /// That are read.
  static final long BYTES = 512L << 20;

  private static final VectorSpecies<Integer> VECTOR = IntVector.SPECIES_256;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();
  private static final LongAdder SINK = new LongAdder();

  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory = arena.allocate(BYTES, 64).fill((byte) 1);
  private final int threads;
  private final ExecutorService pool;

  ReadBandwidth(int threads) {
    this.threads = threads;
    pool = Executors.newFixedThreadPool(threads);
  }

  /// Reads all of it once.
  void read() {
    List<CompletableFuture<Void>> parts = new ArrayList<>();
    long part = BYTES / threads;
    for (int i = 0; i < threads; i++) {
      MemorySegment own = memory.asSlice(i * part, part);
      parts.add(CompletableFuture.runAsync(() -> SINK.add(sum(own)), pool));
    }
    parts.forEach(CompletableFuture::join);
  }

  @Override
  public void close() {
    pool.close();
    arena.close();
  }

  /// In vectors of 32 bytes, the fastest that is known (docs/log.md). Four sums at once: one alone
  /// waits for its own last addition.
  private static long sum(MemorySegment memory) {
    IntVector a = IntVector.zero(VECTOR);
    IntVector b = IntVector.zero(VECTOR);
    IntVector c = IntVector.zero(VECTOR);
    IntVector d = IntVector.zero(VECTOR);
    long bytes = VECTOR.vectorByteSize();
    int rounds = Math.toIntExact(memory.byteSize() / (4 * bytes));
    for (int i = 0; i < rounds; i++) {
      long at = 4 * bytes * i;
      a = a.add(IntVector.fromMemorySegment(VECTOR, memory, at, ORDER));
      b = b.add(IntVector.fromMemorySegment(VECTOR, memory, at + bytes, ORDER));
      c = c.add(IntVector.fromMemorySegment(VECTOR, memory, at + 2 * bytes, ORDER));
      d = d.add(IntVector.fromMemorySegment(VECTOR, memory, at + 3 * bytes, ORDER));
    }
    return a.add(b).add(c.add(d)).reduceLanes(VectorOperators.ADD);
  }
}
