package dev.tidemill.benchmarks.scenario;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/// Posts bodies that were encoded beforehand over connections that are kept, and does next to
/// nothing else, since it shares the cores with what it loads.
final class HttpLoad implements AutoCloseable {

  /// @param took from the first request to the last answer
  /// @param latencies of each request, in nanoseconds, from when it was due
  @SuppressWarnings("ArrayRecordComponent") // read, never compared
  record Outcome(Duration took, long[] latencies) {}

  private final List<byte[]> bodies;
  private final List<Socket> sockets = new ArrayList<>();
  private final List<byte[]> heads = new ArrayList<>();

  HttpLoad(int port, List<byte[]> bodies, int connections) throws IOException {
    this.bodies = bodies;
    for (byte[] body : bodies) {
      heads.add(
          ("POST /v1/documents HTTP/1.1\r\n"
                  + "Host: localhost\r\n"
                  + "Content-Type: application/x-ndjson\r\n"
                  + "Content-Length: "
                  + body.length
                  + "\r\n\r\n")
              .getBytes(StandardCharsets.US_ASCII));
    }
    for (int i = 0; i < connections; i++) {
      Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setTcpNoDelay(true);
      sockets.add(socket);
    }
  }

  /// Posts so many bodies, each of which must be answered 202.
  ///
  /// @param perSecond requests that are due each second; 0 sends each as soon as a connection is
  ///   free
  Outcome run(int requests, double perSecond) throws Exception {
    long[] latencies = new long[requests];
    AtomicInteger next = new AtomicInteger();
    long start = System.nanoTime();
    try (ExecutorService senders = Executors.newFixedThreadPool(sockets.size())) {
      List<Future<?>> ends = new ArrayList<>();
      for (Socket socket : sockets) {
        ends.add(senders.submit(() -> send(socket, next, start, perSecond, latencies)));
      }
      for (Future<?> end : ends) {
        end.get();
      }
    }
    return new Outcome(Duration.ofNanos(System.nanoTime() - start), latencies);
  }

  @Override
  public void close() throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
  }

  private Void send(
      Socket socket, AtomicInteger next, long start, double perSecond, long[] latencies)
      throws IOException {
    OutputStream out = socket.getOutputStream();
    InputStream in = new BufferedInputStream(socket.getInputStream(), 64 * 1024);
    byte[] scratch = new byte[64 * 1024];
    for (int i = next.getAndIncrement(); i < latencies.length; i = next.getAndIncrement()) {
      long due = perSecond == 0 ? System.nanoTime() : start + (long) (i * 1e9 / perSecond);
      for (long early = due - System.nanoTime(); early > 0; early = due - System.nanoTime()) {
        LockSupport.parkNanos(early);
      }
      out.write(heads.get(i % bodies.size()));
      out.write(bodies.get(i % bodies.size()));
      answer(in, scratch);
      latencies[i] = System.nanoTime() - due;
    }
    return null;
  }

  private static void answer(InputStream in, byte[] scratch) throws IOException {
    String status = line(in);
    int length = -1;
    for (String header = line(in); !header.isEmpty(); header = line(in)) {
      if (header.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
        length = Integer.parseInt(header.substring("content-length:".length()).strip());
      }
    }
    if (length < 0) {
      throw new IOException("an answer without Content-Length: " + status);
    }
    int kept = 0;
    for (int left = length; left > 0; ) {
      int count = in.read(scratch, 0, Math.min(left, scratch.length));
      if (count < 0) {
        throw new IOException("the connection ended within an answer");
      }
      kept = count;
      left -= count;
    }
    if (!status.contains(" 202 ")) {
      throw new IOException(status + ": " + new String(scratch, 0, kept, StandardCharsets.UTF_8));
    }
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new IOException("the connection was closed");
      }
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }
}
