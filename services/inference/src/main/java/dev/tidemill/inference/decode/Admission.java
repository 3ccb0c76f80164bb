package dev.tidemill.inference.decode;

import dev.tidemill.platform.http.Problem;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Where other threads meet the engine's: a bounded queue of waiting sequences, and things that the
/// engine is to do between two rounds.
final class Admission {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();
  private final Condition idle = lock.newCondition();
  private final Deque<Sequence> waiting = new ArrayDeque<>();
  private final Deque<Command> commands = new ArrayDeque<>();
  private final int maxRunning;
  private final int maxWaiting;
  private int running;
  private boolean refusing;
  private boolean shut;
  private boolean woken;

  private record Command(Runnable action, CompletableFuture<Void> done) {}

  Admission(int maxRunning, int maxWaiting) {
    this.maxRunning = maxRunning;
    this.maxWaiting = maxWaiting;
  }

  /// Puts sequences into the queue, all of them or none when there is no room for all.
  boolean offer(List<Sequence> sequences) {
    lock.lock();
    try {
      if (refusing) {
        throw Problem.unavailable("the service is stopping", Duration.ofSeconds(1));
      }
      if (crowded(sequences.size())) {
        return false;
      }
      waiting.addAll(sequences);
      work.signalAll();
      return true;
    } finally {
      lock.unlock();
    }
  }

  boolean full(int more) {
    lock.lock();
    try {
      return crowded(more);
    } finally {
      lock.unlock();
    }
  }

  private boolean crowded(int more) {
    return running + waiting.size() + more > maxRunning + maxWaiting;
  }

  /// Lets the engine do something between two rounds; done at once when the engine has ended.
  CompletableFuture<Void> command(Runnable action) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    lock.lock();
    try {
      if (shut) {
        done.complete(null);
      } else {
        commands.add(new Command(action, done));
        work.signalAll();
      }
    } finally {
      lock.unlock();
    }
    return done;
  }

  void refuseNew() {
    lock.lock();
    try {
      refusing = true;
    } finally {
      lock.unlock();
    }
  }

  boolean awaitIdle(Duration limit) throws InterruptedException {
    long left = limit.toNanos();
    lock.lock();
    try {
      while (running > 0 || !waiting.isEmpty()) {
        if (left <= 0) {
          return false;
        }
        left = idle.awaitNanos(left);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  void wake() {
    lock.lock();
    try {
      woken = true;
      work.signalAll();
    } finally {
      lock.unlock();
    }
  }

  int running() {
    lock.lock();
    try {
      return running;
    } finally {
      lock.unlock();
    }
  }

  int waiting() {
    lock.lock();
    try {
      return waiting.size();
    } finally {
      lock.unlock();
    }
  }

  /// Comes back when there is something to do, or after `limit`.
  void awaitWork(Duration limit) throws InterruptedException {
    long left = limit.toNanos();
    lock.lock();
    try {
      while (running == 0 && waiting.isEmpty() && commands.isEmpty() && !woken && left > 0) {
        left = work.awaitNanos(left);
      }
      woken = false;
    } finally {
      lock.unlock();
    }
  }

  /// Runs what the engine was asked to do, on the calling thread.
  void runCommands() {
    for (Command command : takeCommands()) {
      try {
        command.action().run();
        command.done().complete(null);
      } catch (RuntimeException e) {
        command.done().completeExceptionally(e);
      }
    }
  }

  /// The next sequence, which counts as running from now on.
  @Nullable Sequence takeWaiting() {
    lock.lock();
    try {
      @Nullable Sequence next = waiting.poll();
      if (next != null) {
        running++;
      }
      return next;
    } finally {
      lock.unlock();
    }
  }

  /// Waiting sequences that leave the queue without a turn; they count as running until they end.
  List<Sequence> takeWaitingIf(Predicate<Sequence> leaves) {
    lock.lock();
    try {
      List<Sequence> leaving = waiting.stream().filter(leaves).toList();
      waiting.removeAll(leaving);
      running += leaving.size();
      return leaving;
    } finally {
      lock.unlock();
    }
  }

  /// A running sequence has ended.
  void ended() {
    lock.lock();
    try {
      running--;
      if (running == 0 && waiting.isEmpty()) {
        idle.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /// Ends admission for good and returns who waited.
  List<Sequence> shut() {
    lock.lock();
    try {
      refusing = true;
      shut = true;
      List<Sequence> left = new ArrayList<>(waiting);
      waiting.clear();
      running += left.size();
      return left;
    } finally {
      lock.unlock();
    }
  }

  private List<Command> takeCommands() {
    lock.lock();
    try {
      List<Command> taken = List.copyOf(commands);
      commands.clear();
      return taken;
    } finally {
      lock.unlock();
    }
  }
}
