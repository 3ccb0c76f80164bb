package dev.tidemill.inference;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What is no HTTP, or stops in the middle, is answered with 4xx or by closing the connection, and
/// is nobody else's trouble.
class RawSocketTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final String POST = "POST " + CHAT + " HTTP/1.1\r\nHost: x\r\n";
  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 (\\d{3}) ");

  private static final Charset UTF = StandardCharsets.UTF_8;

  /// Longer than it takes; a server that is stuck does not answer at all.
  private static final int PATIENCE_MILLIS = 15_000;

  @TempDir private static Path work;

  private static TestReplica replica;
  private static String sound;

  @BeforeAll
  static void start() {
    TestArtifacts artifacts = new TestArtifacts(work);
    replica = new TestReplica(artifacts, config -> config);
    replica.routeAndWait("support", TestArtifacts.target("support", artifacts.base(1), null), null);
    String body = TestReplica.chat("support", "hi").toString();
    sound = POST + "Content-Length: " + body.length() + "\r\n\r\n" + body;
  }

  @AfterAll
  static void stop() {
    replica.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\r\n\r\n\r\n",
        "GET\r\n\r\n",
        "GET /\r\n\r\n",
        "GET /v1/models HTTP/9.9\r\nHost: x\r\n\r\n",
        "GET /v1/models HTTP/1.1\nHost: x\n\n",
        "GET /v1/models HTTP/1.1\r\nno colon here\r\n\r\n",
        "GET /v1/models HTTP/1.1\r\n: no name\r\n\r\n",
        "GET /v1/models HTTP/1.1\r\nHo st: x\r\n\r\n",
        "GET /v1/models HTTP/1.1\r\nHost: x\r\nX: a\u0000b\r\n\r\n",
        "GET /v1/%zz HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /v1/%00 HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /v1/models/%ff%fe HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET v1/models HTTP/1.1\r\nHost: x\r\n\r\n",
        "G@T /v1/models HTTP/1.1\r\nHost: x\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        "CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        "TRACE /v1/models HTTP/1.1\r\nHost: x\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003",
        POST + "Content-Length: abc\r\n\r\n{}",
        POST + "Content-Length: -5\r\n\r\n{}",
        POST + "Content-Length: 99999999999999999999\r\n\r\n{}",
        POST + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        POST + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        POST + "Content-Length: 1000\r\n\r\n{\"model\": ",
        POST + "Content-Length: 9000000000\r\n\r\n{}",
        POST + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
        POST + "Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n",
        POST + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}\r\n",
        POST + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}",
        POST + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}XX0\r\n\r\n",
        POST + "Transfer-Encoding: gzip\r\n\r\n{}",
        POST + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        POST + "Content-Type: \r\nContent-Length: 2\r\n\r\n{}",
        POST + "Expect: nonsense\r\nContent-Length: 2\r\n\r\n{}",
        POST + "Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\n{}",
        POST + "Content-Length: 4\r\n\r\n\u00ff\u00fe\u00ff\u00fe",
        POST + "\r\n",
      })
  void whatIsNotARequest(String bytes) throws Exception {
    assertRefused(bytes.getBytes(StandardCharsets.ISO_8859_1));
  }

  @Test
  void whatIsTooLong() throws Exception {
    assertRefused(("GET /" + "x".repeat(100_000) + " HTTP/1.1\r\nHost: x\r\n\r\n").getBytes(UTF));
    assertRefused((POST + "X-Long: " + "x".repeat(1 << 20) + "\r\n\r\n").getBytes(UTF));
    assertRefused((POST + "X-Many: y\r\n".repeat(50_000) + "\r\n").getBytes(UTF));
  }

  @Test
  void randomBytesAndRequestsThatStopAnywhere() throws Exception {
    Random random = new Random(3);
    byte[] request = sound.getBytes(UTF);
    for (int i = 0; i < 150; i++) {
      byte[] noise = new byte[1 + random.nextInt(300)];
      random.nextBytes(noise);
      assertRefused(noise);
      byte[] part = Arrays.copyOf(request, random.nextInt(request.length));
      assertRefused(part);
      // One byte is another: it may still be sound, but is never a trouble to the server.
      byte[] bent = request.clone();
      bent[random.nextInt(bent.length)] = (byte) random.nextInt(256);
      assertThat(statuses(bent)).as(text(bent)).allMatch(status -> status < 500);
    }
  }

  @Test
  void pipelinedRequestsAreAnsweredInTurn() throws Exception {
    try (Socket socket = open()) {
      socket.getOutputStream().write((sound + sound + sound).getBytes(UTF));
      StringBuilder all = new StringBuilder();
      while (statusesOf(all.toString()).size() < 3) {
        all.append((char) socket.getInputStream().read());
      }
      assertThat(statusesOf(all.toString())).containsExactly(200, 200, 200);
    }
  }

  @Test
  void clientsThatSayNothingMoreAreInNobodysWay() throws Exception {
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < 100; i++) {
        Socket socket = open();
        slow.add(socket);
        byte[] part = sound.substring(0, i * sound.length() / 100).getBytes(UTF);
        socket.getOutputStream().write(part);
      }
      for (int i = 0; i < 5; i++) {
        assertThat(replica.post(CHAT, TestReplica.chat("support", "hi")).statusCode())
            .isEqualTo(200);
      }
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
    Awaitility.await()
        .until(
            () ->
                replica.metrics.get("tidemill.http.requests.in.flight").gauge().value() == 0
                    && replica.references() == 0);
    assertThat(replica.health.ready().ok()).isTrue();
  }

  private static void assertRefused(byte[] bytes) throws IOException {
    assertThat(statuses(bytes)).as(text(bytes)).allMatch(status -> status >= 400 && status < 500);
  }

  /// Sends bytes and nothing more, and reads to the end of the connection.
  ///
  /// @return the statuses of the answers; none when the connection was closed without one
  private static List<Integer> statuses(byte[] bytes) throws IOException {
    StringBuilder answer = new StringBuilder();
    try (Socket socket = open()) {
      try {
        socket.getOutputStream().write(bytes);
        socket.shutdownOutput();
        byte[] buffer = new byte[8192];
        for (int n = socket.getInputStream().read(buffer);
            n >= 0;
            n = socket.getInputStream().read(buffer)) {
          answer.append(new String(buffer, 0, n, StandardCharsets.ISO_8859_1));
        }
      } catch (SocketException closed) {
        // The server has closed the connection before it had read everything.
        assertThat(closed.getMessage()).containsAnyOf("reset", "Broken pipe", "closed");
      }
    }
    return statusesOf(answer.toString());
  }

  private static List<Integer> statusesOf(String answer) {
    List<Integer> statuses = new ArrayList<>();
    for (Matcher matcher = STATUS.matcher(answer); matcher.find(); ) {
      statuses.add(Integer.parseInt(matcher.group(1)));
    }
    return statuses;
  }

  private static Socket open() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), replica.service.port());
    socket.setSoTimeout(PATIENCE_MILLIS);
    return socket;
  }

  private static String text(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    return text.substring(0, Math.min(200, text.length()));
  }
}
