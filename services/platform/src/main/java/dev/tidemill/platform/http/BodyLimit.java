package dev.tidemill.platform.http;

import io.helidon.http.HttpException;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/// Answers a body longer than the limit with 413, after reading what is left of it.
///
/// A server that answers and closes while a client is still sending resets the connection, and the
/// client never sees the answer. So a body somewhat too long is read and thrown away; one beyond
/// [#tolerated] is cut off.
final class BodyLimit implements Filter {
  private static final long MOST_THROWN_AWAY = 16L << 20;

  private final long limit;

  BodyLimit(long limit) {
    this.limit = limit;
  }

  /// The longest body that is read to its end.
  long tolerated() {
    return limit + MOST_THROWN_AWAY;
  }

  @Override
  public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
    request.streamFilter(body -> new Limited(body, limit));
    chain.proceed();
  }

  private static final class Limited extends FilterInputStream {
    private final long limit;
    private long read;
    private boolean broken;

    Limited(InputStream body, long limit) {
      super(body);
      this.limit = limit;
    }

    @Override
    public int read() throws IOException {
      int value;
      try {
        value = super.read();
      } catch (RuntimeException e) {
        throw unreadable(e);
      }
      count(value < 0 ? 0 : 1);
      return value;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      int count;
      try {
        count = super.read(buffer, offset, length);
      } catch (RuntimeException e) {
        throw unreadable(e);
      }
      count(Math.max(0, count));
      return count;
    }

    // A stream that broke off fails again when it is closed.
    @Override
    public void close() throws IOException {
      if (!broken) {
        super.close();
      }
    }

    /// Chunks that are none, an end that comes too early: the server's reader throws whatever it
    /// stumbles over, and it is always the client's doing.
    private RuntimeException unreadable(RuntimeException e) {
      broken = true;
      return e instanceof HttpException known
          ? known
          : Problem.badRequest("the request's body could not be read to its end");
    }

    private void count(int more) throws IOException {
      read += more;
      if (read > limit) {
        in.transferTo(OutputStream.nullOutputStream());
        throw Problem.tooLarge(limit);
      }
    }
  }
}
