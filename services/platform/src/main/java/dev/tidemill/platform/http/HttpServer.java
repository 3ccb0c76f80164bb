package dev.tidemill.platform.http;

import io.helidon.webserver.WebServer;
import java.net.URI;
import java.time.Duration;

/// A server that listens. Closing it stops in order: new requests are answered 503, those under way
/// are waited for, then the port is let go.
public final class HttpServer implements AutoCloseable {

  private final WebServer server;
  private final InFlight inFlight;
  private final String host;
  private final Duration drainLimit;

  HttpServer(WebServer server, InFlight inFlight, String host, Duration drainLimit) {
    this.server = server;
    this.inFlight = inFlight;
    this.host = host;
    this.drainLimit = drainLimit;
  }

  /// The port it listens on; the one that was taken when 0 was configured.
  public int port() {
    return server.port();
  }

  /// `http://host:port`, for a client on this machine.
  public URI uri() {
    String reachable = host.equals("0.0.0.0") || host.equals("::") ? "127.0.0.1" : host;
    return URI.create("http://" + reachable + ":" + port());
  }

  @Override
  public void close() {
    inFlight.drain(drainLimit);
    server.stop();
  }
}
