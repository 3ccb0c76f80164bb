package dev.tidemill.acceptance;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/// Apicurio Registry as a process of its own, which the build has unpacked. It keeps its schemas in
/// a file, so that an id means after a restart what it meant before.
final class RealRegistry implements AutoCloseable {
  private static final String JAR = "tidemill.schema-registry";
  private static final Duration LIMIT = Duration.ofSeconds(90);

  private final Path folder;
  private final int port;
  private final Thread atExit = Thread.ofPlatform().unstarted(this::end);
  private @Nullable Child process;
  private int starts;

  /// One that is not running yet, and ends with this JVM at the latest.
  RealRegistry(Path folder) throws IOException {
    this.folder = folder;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    Runtime.getRuntime().addShutdownHook(atExit);
  }

  /// What `kafka.schema_registry_url` has to be.
  URI url() {
    return URI.create("http://127.0.0.1:" + port + "/apis/ccompat/v7");
  }

  /// Starts it; [#awaitReady()] waits until it answers.
  void start() {
    starts++;
    String database = "jdbc:h2:file:" + folder.resolve("schemas") + ";WRITE_DELAY=0";
    process =
        Child.startJar(
            folder,
            "registry-" + starts,
            List.of(
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "-Dquarkus.http.host=127.0.0.1",
                "-Dquarkus.http.port=" + port,
                "-Dapicurio.datasource.url=" + database,
                "-Dapicurio.datasource.jdbc.initial-size=2",
                "-Dapicurio.datasource.jdbc.min-size=2"),
            Path.of(Objects.requireNonNull(System.getProperty(JAR), "the build sets " + JAR)));
  }

  void awaitReady() {
    Awaitility.await("the schema registry answers")
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(50))
        .until(this::answers);
  }

  /// `kill -9`; it can be started again.
  void kill() {
    running().kill();
  }

  @Override
  public void close() {
    end();
    Runtime.getRuntime().removeShutdownHook(atExit);
  }

  private void end() {
    if (process != null) {
      process.close();
    }
  }

  private Child running() {
    return Objects.requireNonNull(process, "the schema registry was not started");
  }

  private boolean answers() throws InterruptedException {
    running().assertAlive();
    HttpRequest request = HttpRequest.newBuilder(URI.create(url() + "/subjects")).build();
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException e) {
      return false;
    }
  }
}
