package dev.tidemill.model.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// Threads that work through the tasks of one phase after another, with some microseconds between
/// phases: they look out for the next before they go to sleep. Whoever has a phase done works on it
/// too; nobody is waited for who has taken no task, so that one who is kept from running delays
/// only what he has begun.
public final class Team implements AutoCloseable {
  /// How often somebody looks out for the next phase before he sleeps: some 50 µs.
  private static final int PATIENCE = 2_000;

  private final List<Helper> helpers = new ArrayList<>();
  private volatile @Nullable Phase current;
  private volatile boolean closed;

  /// @param threads who work, the caller included
  public Team(int threads) {
    for (int i = 1; i < threads; i++) {
      Helper helper = new Helper(i);
      helpers.add(helper);
      helper.start();
    }
  }

  /// Does tasks 0 to `tasks`, each once; returns when all are done.
  public void run(int tasks, IntConsumer job) {
    Phase phase = new Phase(tasks, job);
    if (tasks > 1) {
      current = phase;
      for (Helper helper : helpers) {
        if (helper.asleep) {
          LockSupport.unpark(helper);
        }
      }
    }
    phase.work();
    phase.await();
  }

  private static final class Phase {
    private final int tasks;
    private final IntConsumer job;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger done = new AtomicInteger();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    Phase(int tasks, IntConsumer job) {
      this.tasks = tasks;
      this.job = job;
    }

    void work() {
      while (true) {
        int task = next.getAndIncrement();
        if (task >= tasks) {
          return;
        }
        try {
          job.accept(task);
        } catch (RuntimeException | Error e) {
          failure.compareAndSet(null, e);
        } finally {
          done.incrementAndGet();
        }
      }
    }

    void await() {
      while (done.get() < tasks) {
        Thread.onSpinWait();
      }
      @Nullable Throwable failed = failure.get();
      if (failed != null) {
        throw new IllegalStateException("A part of a decoding step failed.", failed);
      }
    }
  }

  private final class Helper extends Thread {
    private volatile boolean asleep;

    Helper(int number) {
      super("tidemill-decode-" + number);
      setDaemon(true);
    }

    @Override
    public void run() {
      @Nullable Phase last = null;
      int looked = 0;
      while (!closed) {
        @Nullable Phase phase = current;
        if (phase != null && phase != last) {
          last = phase;
          looked = 0;
          phase.work();
        } else if (looked < PATIENCE) {
          looked++;
          Thread.onSpinWait();
        } else {
          asleep = true;
          // Looked at again after the flag: who comes between the two sees it.
          if (current == last && !closed) {
            LockSupport.park(Team.this);
          }
          asleep = false;
          looked = 0;
        }
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    helpers.forEach(LockSupport::unpark);
  }
}
