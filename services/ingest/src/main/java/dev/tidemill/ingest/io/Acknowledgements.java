package dev.tidemill.ingest.io;

import dev.tidemill.platform.faults.Fault;
import dev.tidemill.platform.faults.RetriableFault;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Counts the broker's acknowledgements of one request, until all are there or one failed.
final class Acknowledgements {

  private final int wanted;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition settled = lock.newCondition();
  private int acknowledged;
  private @Nullable Fault fault;

  Acknowledgements(int wanted) {
    this.wanted = wanted;
  }

  void acknowledge() {
    lock.lock();
    try {
      acknowledged++;
      if (acknowledged == wanted) {
        settled.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /// The first fault is the one that is told.
  void fail(Fault newFault) {
    lock.lock();
    try {
      if (fault == null) {
        fault = newFault;
      }
      settled.signalAll();
    } finally {
      lock.unlock();
    }
  }

  boolean failed() {
    lock.lock();
    try {
      return fault != null;
    } finally {
      lock.unlock();
    }
  }

  int acknowledged() {
    lock.lock();
    try {
      return acknowledged;
    } finally {
      lock.unlock();
    }
  }

  /// Waits for at most so long.
  ///
  /// @return null when all were acknowledged, else what went wrong
  @Nullable Fault await(long nanos) throws InterruptedException {
    long left = nanos;
    lock.lock();
    try {
      while (acknowledged < wanted && fault == null) {
        if (left <= 0) {
          return new RetriableFault("not in time");
        }
        left = settled.awaitNanos(left);
      }
      return fault;
    } finally {
      lock.unlock();
    }
  }
}
