package dev.tidemill.platform.window;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/// The one platform thread that a service makes native calls on. What is opened on it is used and
/// closed on it.
public final class NativeThread implements AutoCloseable {

  private final ExecutorService executor;

  public NativeThread(String name) {
    executor = Executors.newSingleThreadExecutor(Thread.ofPlatform().name(name).daemon().factory());
  }

  /// Runs the work on the thread, after what was given to it before, and returns its result or
  /// throws what it threw.
  public <R> R call(Callable<R> work) throws InterruptedException {
    Future<R> result = executor.submit(work);
    try {
      return result.get();
    } catch (ExecutionException e) {
      @Nullable Throwable cause = e.getCause();
      switch (cause) {
        case RuntimeException runtime -> throw runtime;
        case Error error -> throw error;
        case InterruptedException interrupted -> throw interrupted;
        case null -> throw new IllegalStateException(e);
        case Throwable other -> throw new IllegalStateException(other.toString(), other);
      }
    }
  }

  @Override
  public void close() {
    executor.close();
  }
}
