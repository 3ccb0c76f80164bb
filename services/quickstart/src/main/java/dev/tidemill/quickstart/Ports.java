package dev.tidemill.quickstart;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.LinkedHashMap;
import java.util.Map;

/// The ports that a quickstart listens on, counted up from one base so that two can stand side by
/// side.
///
/// @param base port of the inference API; the others follow it
public record Ports(int base) {
  private static final int LAST = 5;

  public Ports {
    if (base < 1 || base > 65_535 - LAST) {
      throw new IllegalArgumentException(
          "--port-base must be between 1 and " + (65_535 - LAST) + ", not " + base);
    }
  }

  public int inference() {
    return base;
  }

  public int ingest() {
    return base + 1;
  }

  public int registry() {
    return base + 2;
  }

  /// Metrics and health.
  public int admin() {
    return base + 3;
  }

  public int broker() {
    return base + 4;
  }

  public int controller() {
    return base + LAST;
  }

  /// Makes sure that all can be listened on.
  ///
  /// @throws PortTakenException naming the first port that another process listens on
  public void requireFree() {
    Map<String, Integer> ports = new LinkedHashMap<>();
    ports.put("the inference API", inference());
    ports.put("the ingest API", ingest());
    ports.put("the registry API", registry());
    ports.put("metrics and health", admin());
    ports.put("the Kafka broker", broker());
    ports.put("the Kafka controller", controller());
    ports.forEach(Ports::requireFree);
  }

  private static void requireFree(String what, int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    } catch (IOException e) {
      throw new PortTakenException(
          "port %d, wanted for %s, is taken; is another quickstart running? ".formatted(port, what)
              + "Choose others with --port-base N",
          e);
    }
  }

  /// A port that another process listens on. The message is one sentence for the user.
  public static final class PortTakenException extends RuntimeException {
    PortTakenException(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
