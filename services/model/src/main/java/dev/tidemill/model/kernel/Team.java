package dev.tidemill.model.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// Threads that work through the tasks of one phase after another, with some microseconds between
/// phases: they look out for the next before they go to sleep. Whoever has a phase done works on it
/// too; nobody is waited for who has taken no task, so that one who is kept from running does not
/// delay a phase in which he had no part.
///
/// Each begins with a share of his own, in order, so that he reads memory from place to place; who
/// is done with his takes from those of others.
public final class Team implements AutoCloseable {
  /// How often somebody looks out for the next phase before he sleeps: some 50 µs.
  private static final int PATIENCE = 2_000;

  /// Counters of two people in one line of a cache would have the processors fetch it in turns.
  private static final int APART = 32;

  private final int people;
  private final List<Helper> helpers = new ArrayList<>();
  private volatile @Nullable Phase current;
  private volatile boolean closed;

  /// @param threads who work, the caller included
  public Team(int threads) {
    people = threads;
    for (int i = 1; i < threads; i++) {
      Helper helper = new Helper(i);
      helpers.add(helper);
      helper.start();
    }
  }

  /// Who work, the caller included.
  public int people() {
    return people;
  }

  /// Does tasks 0 to `tasks`, each once; returns when all are done.
  public void run(int tasks, IntConsumer job) {
    Phase phase = new Phase(tasks, job, people);
    if (tasks > 1) {
      current = phase;
      for (Helper helper : helpers) {
        if (helper.asleep) {
          LockSupport.unpark(helper);
        }
      }
    }
    phase.work(0);
    phase.await();
  }

  private static final class Phase {
    private final int tasks;
    private final IntConsumer job;
    private final int people;

    /// Tasks of each one's share that were taken.
    private final AtomicIntegerArray taken;

    private final AtomicInteger done = new AtomicInteger();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    Phase(int tasks, IntConsumer job, int people) {
      this.tasks = tasks;
      this.job = job;
      this.people = people;
      taken = new AtomicIntegerArray(people * APART);
    }

    void work(int me) {
      int worked = 0;
      for (int i = 0; i < people; i++) {
        int whose = (me + i) % people;
        int end = begin(whose + 1);
        int task;
        while ((task = begin(whose) + taken.getAndIncrement(whose * APART)) < end) {
          worked++;
          try {
            job.accept(task);
          } catch (RuntimeException | Error e) {
            failure.compareAndSet(null, e);
          }
        }
      }
      if (worked > 0) {
        done.addAndGet(worked);
      }
    }

    private int begin(int whose) {
      return (int) ((long) tasks * whose / people);
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
    private final int number;
    private volatile boolean asleep;

    Helper(int number) {
      super("tidemill-decode-" + number);
      this.number = number;
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
          phase.work(number);
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
