package dev.tidemill.platform.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.platform.config.HttpConfig;
import dev.tidemill.platform.metrics.Metrics;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Connections are read through [ClientPresence], and behave as HTTP/1.1 says, watched or not.
class ConnectionTest {
  private static final int LIMIT = 1 << 20;
  private static final String CLOSE = "Connection: close\r\n";

  private final Semaphore bodyBegan = new Semaphore(0);
  private HttpServer server;
  private Socket socket;

  @SuppressWarnings("NullAway.Init")
  ConnectionTest() {}

  @BeforeEach
  void start() throws IOException {
    server =
        HttpServerFactory.start(
            "echo",
            new HttpConfig("127.0.0.1", 0, LIMIT),
            Metrics.create(),
            rules ->
                rules
                    .post(
                        "/plain",
                        (request, response) -> response.send(read(request.content().inputStream())))
                    .post(
                        "/watched",
                        (request, response) -> {
                          byte[] body = read(request.content().inputStream());
                          ClientPresence.current().watch();
                          response.send(body);
                        }));
    socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout(10_000);
  }

  @AfterEach
  void stop() throws IOException {
    socket.close();
    server.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/plain", "/watched"})
  void manyRequestsOverOneConnectionAreAnsweredInOrder(String path) throws IOException {
    for (int i = 0; i < 20; i++) {
      write(request(path, "", "one after the other " + i));
      assertThat(answer()).isEqualTo("one after the other " + i);
    }
    StringBuilder all = new StringBuilder();
    for (int i = 0; i < 20; i++) {
      all.append(request(path, "", "at once " + i));
    }
    write(all.toString());
    for (int i = 0; i < 20; i++) {
      assertThat(answer()).isEqualTo("at once " + i);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/plain", "/watched"})
  void aClientThatWantsTheConnectionClosedIsToldThatItMay(String path) throws IOException {
    write(request(path, "", "first"));
    assertThat(answer()).isEqualTo("first");
    write(request(path, CLOSE, "last"));
    String head = head();
    assertThat(head).startsWith("HTTP/1.1 200 ").containsIgnoringCase(CLOSE);
    assertThat(socket.getInputStream().readNBytes(4)).asString().isEqualTo("last");
    // The server leaves the closing to the client, and ends when that does.
    socket.shutdownOutput();
    assertThat(socket.getInputStream().read()).isEqualTo(-1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/plain", "/watched"})
  void aBodyLongerThanAnyBufferComesWhole(String path) throws IOException {
    String body = "0123456789abcdef".repeat(40_000);
    for (int i = 0; i < 3; i++) {
      write(request(path, "", body + i));
      assertThat(answer()).isEqualTo(body + i);
    }
  }

  @Test
  void aBodyMayComeSlowlyAndInPiecesOfAnySize() throws Exception {
    String request = request("/watched", "", "slowly");
    int body = request.indexOf("slowly");
    write(request.substring(0, body + 1));
    // The handler waits for the rest of the body by then.
    bodyBegan.acquire();
    for (int i = body + 1; i < request.length(); i++) {
      write(request.substring(i, i + 1));
    }
    assertThat(answer()).isEqualTo("slowly");
    write("POST /watched HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nin\r\n");
    bodyBegan.acquire();
    write("7\r\n chunks\r\n0\r\n\r\n");
    assertThat(answer()).isEqualTo("in chunks");
  }

  @Test
  void aClientThatAsksFirstIsToldToSendItsBody() throws IOException {
    write("POST /plain HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    assertThat(head()).startsWith("HTTP/1.1 100 ");
    write("body");
    assertThat(answer()).isEqualTo("body");
  }

  private byte[] read(InputStream body) throws IOException {
    int first = body.read();
    bodyBegan.release();
    byte[] rest = body.readAllBytes();
    byte[] all = Arrays.copyOf(new byte[] {(byte) first}, rest.length + 1);
    System.arraycopy(rest, 0, all, 1, rest.length);
    return all;
  }

  private static String request(String path, String more, String body) {
    return "POST %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n%s"
        .formatted(path, more, body.length(), body);
  }

  private void write(String bytes) throws IOException {
    socket.getOutputStream().write(bytes.getBytes(StandardCharsets.US_ASCII));
    socket.getOutputStream().flush();
  }

  /// The body of the next answer, which must be a 200.
  private String answer() throws IOException {
    String head = head();
    assertThat(head).startsWith("HTTP/1.1 200 ");
    int length =
        head.lines()
            .filter(line -> line.regionMatches(true, 0, "Content-Length:", 0, 15))
            .mapToInt(line -> Integer.parseInt(line.substring(15).strip()))
            .findFirst()
            .orElseThrow();
    byte[] body = socket.getInputStream().readNBytes(length);
    return new String(body, StandardCharsets.US_ASCII);
  }

  private String head() throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    while (!head.toString(StandardCharsets.US_ASCII).endsWith("\r\n\r\n")) {
      int next = socket.getInputStream().read();
      assertThat(next).as("the connection ended in a head").isNotNegative();
      head.write(next);
    }
    return head.toString(StandardCharsets.US_ASCII);
  }
}
