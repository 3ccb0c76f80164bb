package dev.tidemill.benchmarks.scenario.serving;

import dev.tidemill.benchmarks.scenario.crash.Program;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// The inference service as a process of its own, with a heap that is whole in memory from the
/// start, so that what its resident memory grows by is outside the heap.
public final class Node implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(2);
  private static final String HEAP = "512m";

  private final Program program;
  private final int port;
  private final int admin;
  private final HttpClient http = HttpClient.newHttpClient();

  /// A node that does not run yet.
  ///
  /// @param sections what it is configured with beside its ports, as YAML
  /// @param inference further keys of its section, as a YAML map without braces
  public Node(Path folder, String sections, String inference) throws IOException {
    List<Integer> ports = freePorts(2);
    port = ports.get(0);
    admin = ports.get(1);
    Path config = folder.resolve("inference.yaml");
    Files.writeString(
        config,
        "%sadmin: {port: %d}%ninference: {http: {port: %d}, replica_id: node, %s}%n"
            .formatted(sections, admin, port, inference));
    program =
        new Program(
            folder,
            "inference",
            List.of("-Xms" + HEAP, "-Xmx" + HEAP, "-XX:+AlwaysPreTouch", "-XX:TieredStopAtLevel=4"),
            dev.tidemill.inference.Main.class,
            List.of("--config", config.toString()));
  }

  public void start() {
    program.start();
  }

  /// `kill -9`; returns when it is dead.
  public void kill() {
    program.kill();
  }

  public boolean isAlive() {
    return program.isAlive();
  }

  /// Where its API listens.
  public int port() {
    return port;
  }

  /// Memory of the process that is resident now (`VmRSS`), in bytes.
  public long residentBytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc", program.pid() + "", "status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
      }
    }
    throw new IOException("no VmRSS for process " + program.pid());
  }

  /// The sum of a metric over its labels, of those lines that have all the texts; 0 when there is
  /// none.
  public double metric(String name, String... containing) throws IOException {
    double sum = 0;
    for (String line : get("/metrics").lines().toList()) {
      boolean named = line.startsWith(name + "{") || line.startsWith(name + " ");
      if (named && List.of(containing).stream().allMatch(line::contains)) {
        sum += Double.parseDouble(line.substring(line.lastIndexOf(' ')));
      }
    }
    return sum;
  }

  /// Whether it says that it is ready.
  public boolean ready() {
    try {
      return send("/health/ready").statusCode() == 200;
    } catch (IOException notYet) {
      return false;
    }
  }

  private String get(String path) throws IOException {
    return send(path).body();
  }

  private HttpResponse<String> send(String path) throws IOException {
    try {
      return http.send(
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + admin + path))
              .timeout(LIMIT)
              .build(),
          HttpResponse.BodyHandlers.ofString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /// The last line that it wrote.
  String lastWords() {
    try (Stream<String> lines = Files.lines(program.log())) {
      return lines.reduce("nothing", (before, line) -> line);
    } catch (IOException e) {
      return "nothing that can be read: " + e;
    }
  }

  @Override
  public void close() {
    program.close();
    http.close();
  }

  private static List<Integer> freePorts(int count) throws IOException {
    List<ServerSocket> held = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        held.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
      }
      return held.stream().map(ServerSocket::getLocalPort).toList();
    } finally {
      for (ServerSocket one : held) {
        one.close();
      }
    }
  }
}
