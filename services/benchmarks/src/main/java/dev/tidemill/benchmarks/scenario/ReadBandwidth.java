package dev.tidemill.benchmarks.scenario;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.LongAdder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// How fast memory is read that no cache holds: half a gigabyte summed up, each thread a part.
final class ReadBandwidth {
  private static final long BYTES = 512L << 20;
  private static final VectorSpecies<Integer> VECTOR = IntVector.SPECIES_256;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();
  private static final LongAdder SINK = new LongAdder();

  private ReadBandwidth() {}

  static double secondsPerByte(int threads) throws InterruptedException {
    try (Arena arena = Arena.ofShared();
        ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      MemorySegment memory = arena.allocate(BYTES, 64);
      memory.fill((byte) 1);
      double best = Double.MAX_VALUE;
      for (int round = 0; round < 6; round++) {
        long begin = System.nanoTime();
        List<Future<Long>> parts = new ArrayList<>();
        long part = BYTES / threads;
        for (int i = 0; i < threads; i++) {
          MemorySegment own = memory.asSlice(i * part, part);
          parts.add(pool.submit(() -> sum(own)));
        }
        for (Future<Long> each : parts) {
          SINK.add(each.get());
        }
        best = Math.min(best, (System.nanoTime() - begin) / 1e9 / BYTES);
      }
      return best;
    } catch (ExecutionException e) {
      throw new IllegalStateException("Reading memory failed.", e);
    }
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
