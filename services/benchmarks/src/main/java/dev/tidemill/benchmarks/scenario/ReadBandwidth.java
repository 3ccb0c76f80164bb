package dev.tidemill.benchmarks.scenario;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.LongAdder;

/// How fast memory is read that no cache holds: half a gigabyte summed up, each thread a part.
final class ReadBandwidth {
  private static final long BYTES = 512L << 20;
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

  /// Four sums at once: one alone waits for its own last addition.
  private static long sum(MemorySegment memory) {
    long a = 0;
    long b = 0;
    long c = 0;
    long d = 0;
    long words = memory.byteSize() / 8;
    for (long i = 0; i + 3 < words; i += 4) {
      a += memory.getAtIndex(ValueLayout.JAVA_LONG, i);
      b += memory.getAtIndex(ValueLayout.JAVA_LONG, i + 1);
      c += memory.getAtIndex(ValueLayout.JAVA_LONG, i + 2);
      d += memory.getAtIndex(ValueLayout.JAVA_LONG, i + 3);
    }
    return a + b + c + d;
  }
}
