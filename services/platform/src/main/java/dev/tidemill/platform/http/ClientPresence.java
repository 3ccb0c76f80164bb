package dev.tidemill.platform.http;

import io.helidon.common.buffers.DataReader;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Whether the client of the request that is being handled is still there, for handlers that work
/// long before they write: a client that hung up is else noticed at the first write only.
///
/// A client that ends its side of the connection is taken for gone, as most servers do. While a
/// client is watched, what it sends already of a next request is read and kept for it.
public final class ClientPresence {
  private static final ScopedValue<ClientPresence> CURRENT = ScopedValue.newInstance();

  private final DataReader source;

  /// What the watch reads; null when there is none, or what it read was taken. Started and taken
  /// by the thread of the connection alone.
  private @Nullable CompletableFuture<byte[]> ahead;

  ClientPresence(DataReader source) {
    this.source = source;
  }

  /// The client of the request that this thread handles.
  ///
  /// @throws IllegalStateException on other threads than that of the handler
  public static ClientPresence current() {
    return CURRENT.orElseThrow(
        () -> new IllegalStateException("no request is handled on this thread"));
  }

  /// Runs the connection whose client this is.
  void during(ScopedValue.CallableOp<@Nullable Void, InterruptedException> connection)
      throws InterruptedException {
    var _ = ScopedValue.where(CURRENT, this).call(connection);
  }

  /// Watches the client from now on to the end of the request. Its body must have been read.
  public void watch() {
    if (ahead == null) {
      CompletableFuture<byte[]> reading = new CompletableFuture<>();
      ahead = reading;
      Thread.ofVirtual().name("client-watch").start(() -> read(reading));
    }
  }

  /// Whether the client has hung up; false as long as it is not watched.
  public boolean gone() {
    CompletableFuture<byte[]> reading = ahead;
    return reading != null && reading.isDone() && reading.isCompletedExceptionally();
  }

  /// What the connection reads from.
  DataReader reader() {
    Supplier<byte @Nullable []> next = this::next;
    return DataReader.create(next);
  }

  // Null is the end of the connection.
  private byte @Nullable [] next() {
    CompletableFuture<byte[]> reading = ahead;
    if (reading == null) {
      return bytes();
    }
    try {
      byte[] read = reading.get();
      ahead = null;
      return read;
    } catch (ExecutionException e) {
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }

  private void read(CompletableFuture<byte[]> reading) {
    try {
      reading.complete(bytes());
    } catch (RuntimeException e) {
      reading.completeExceptionally(e);
    }
  }

  private byte[] bytes() {
    source.ensureAvailable();
    return source.readBytes(source.available());
  }
}
