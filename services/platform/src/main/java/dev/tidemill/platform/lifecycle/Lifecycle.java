package dev.tidemill.platform.lifecycle;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The parts of something that runs, closed in the reverse order of their adding. Each part has a
/// time limit, so one that hangs does not keep the others open; what fails is collected and thrown
/// at the end as one exception.
public final class Lifecycle implements AutoCloseable {

  /// The time a part gets to close unless told otherwise.
  public static final Duration DEFAULT_LIMIT = Duration.ofSeconds(30);

  private static final Logger log = LoggerFactory.getLogger(Lifecycle.class);

  private record Part(String name, Duration limit, AutoCloseable closeable) {}

  private final Deque<Part> parts = new ArrayDeque<>();
  private boolean closed;

  /// Adds a part and returns it.
  public <T extends AutoCloseable> T add(String name, T part) {
    return add(name, DEFAULT_LIMIT, part);
  }

  /// Adds a part that gets `limit` to close, and returns it.
  public synchronized <T extends AutoCloseable> T add(String name, Duration limit, T part) {
    if (closed) {
      throw new IllegalStateException(name + " was added after the stop began");
    }
    parts.push(new Part(name, limit, part));
    return part;
  }

  /// Closes every part, the last added first. A second call waits for the first and does nothing.
  ///
  /// @throws IllegalStateException naming the parts that failed or took too long, their errors
  ///   suppressed in it
  @Override
  public synchronized void close() {
    closed = true;
    List<String> names = new ArrayList<>();
    List<Throwable> causes = new ArrayList<>();
    while (!parts.isEmpty()) {
      Part part = parts.pop();
      try {
        close(part);
      } catch (ExecutionException e) {
        names.add(part.name + " (" + e.getCause() + ")");
        causes.add(e.getCause() == null ? e : e.getCause());
      } catch (TimeoutException e) {
        names.add(part.name + " (did not close within " + part.limit.toSeconds() + " s)");
        causes.add(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        names.add(part.name + " (interrupted while closing)");
        causes.add(e);
      }
    }
    if (!names.isEmpty()) {
      IllegalStateException all =
          new IllegalStateException("could not be closed in order: " + String.join(", ", names));
      causes.forEach(all::addSuppressed);
      throw all;
    }
  }

  private static void close(Part part)
      throws ExecutionException, TimeoutException, InterruptedException {
    log.debug("closing {}", part.name);
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread closer =
        Thread.ofPlatform()
            .name("close-" + part.name)
            .daemon()
            .start(
                () -> {
                  try {
                    part.closeable.close();
                    done.complete(null);
                  } catch (Throwable t) {
                    done.completeExceptionally(t);
                  }
                });
    try {
      done.get(part.limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | InterruptedException e) {
      closer.interrupt();
      throw e;
    }
  }
}
