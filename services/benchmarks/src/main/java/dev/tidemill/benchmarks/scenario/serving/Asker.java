package dev.tidemill.benchmarks.scenario.serving;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.benchmarks.scenario.serving.Answer.End;
import dev.tidemill.platform.http.Json;
import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Asks for a chat completion as a stream, over a connection of its own, and notes when each piece
/// comes, and of how many tokens it is made when it asks for their scores, too. Written by hand to
/// cost the cores that it shares with the service as little as it can.
public final class Asker {
  private static final String DATA = "data: ";
  private static final Duration SILENCE = Duration.ofMinutes(3);

  private final InetSocketAddress address;
  private final boolean scored;

  public Asker(int port) {
    this(port, false);
  }

  /// @param scored whether answers come with the scores of their tokens, which tell how many there
  ///     are in each piece
  public Asker(int port, boolean scored) {
    this.address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    this.scored = scored;
  }

  /// What is asked.
  ///
  /// @param due when it is to be sent, by [System#nanoTime()]
  /// @param temperature 0 is greedy
  /// @param hangUpAfter pieces of text after which the client goes away; 0 reads to the end
  public record Question(
      String model,
      String text,
      String user,
      double temperature,
      int maxTokens,
      int hangUpAfter,
      long due) {

    private byte[] body(boolean scored) throws IOException {
      ObjectNode body = JsonNodeFactory.instance.objectNode();
      body.put("model", model);
      body.putArray("messages").addObject().put("role", "user").put("content", text);
      body.put("temperature", temperature)
          .put("seed", 1)
          .put("repetition_penalty", 1)
          .put("max_tokens", maxTokens);
      body.put("user", user).put("stream", true).put("logprobs", scored);
      body.putObject("stream_options").put("include_usage", true);
      return Json.mapper().writeValueAsBytes(body);
    }
  }

  /// Asks, and reads the answer to its end; never throws.
  public Answer ask(Question question) {
    Reading reading = new Reading(question);
    try (Socket socket = new Socket()) {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout((int) SILENCE.toMillis());
      socket.connect(address);
      byte[] body = question.body(scored);
      String head =
          "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
              + "Content-Type: application/json\r\nContent-Length: "
              + body.length
              + "\r\n\r\n";
      byte[] request = new byte[head.length() + body.length];
      System.arraycopy(head.getBytes(StandardCharsets.US_ASCII), 0, request, 0, head.length());
      System.arraycopy(body, 0, request, head.length(), body.length);
      socket.getOutputStream().write(request);
      reading.read(new BufferedInputStream(socket.getInputStream(), 16 * 1024));
    } catch (IOException | RuntimeException e) {
      reading.end(End.BROKEN, e.toString());
    }
    return reading.answer();
  }

  /// One answer as it comes.
  private static final class Reading {
    private final Question question;
    private final StringBuilder text = new StringBuilder();
    private final List<Long> stamps = new ArrayList<>();
    private final List<Integer> counts = new ArrayList<>();
    private int status;
    private int retryAfter = -1;
    private String id = "";
    private String release = "";
    private boolean mixed;
    private int tokens = -1;
    private End end = End.BROKEN;
    private @Nullable String failure = "the stream ended without [DONE]";
    private long ended;

    Reading(Question question) {
      this.question = question;
    }

    void read(InputStream in) throws IOException {
      String first = line(in);
      status = Integer.parseInt(first.split(" ", 3)[1]);
      Map<String, String> headers = new HashMap<>();
      for (String header = line(in); !header.isEmpty(); header = line(in)) {
        int colon = header.indexOf(':');
        headers.put(
            header.substring(0, colon).toLowerCase(Locale.ROOT),
            header.substring(colon + 1).strip());
      }
      retryAfter = Integer.parseInt(headers.getOrDefault("retry-after", "-1"));
      release = headers.getOrDefault("x-tidemill-release", "");
      if (status != 200) {
        int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
        end(End.REFUSED, new String(in.readNBytes(length), StandardCharsets.UTF_8));
        return;
      }
      events(new BufferedReader(new InputStreamReader(new Dechunked(in), StandardCharsets.UTF_8)));
    }

    private void events(BufferedReader lines) throws IOException {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.equals(DATA + "[DONE]")) {
          end(End.DONE, null);
          return;
        }
        if (line.startsWith(DATA)) {
          event(Json.mapper().readTree(line.substring(DATA.length())));
          if (question.hangUpAfter() > 0 && stamps.size() >= question.hangUpAfter()) {
            end(End.HUNG_UP, null);
            return;
          }
        }
      }
      ended = System.nanoTime();
    }

    private void event(JsonNode event) throws IOException {
      if (event.has("error")) {
        throw new IOException(event.path("error").path("message").asText());
      }
      id = event.path("id").asText();
      mixed |= !event.path("release").asText().equals(release);
      String piece = event.at("/choices/0/delta/content").asText("");
      if (!piece.isEmpty()) {
        stamps.add(System.nanoTime());
        counts.add(event.at("/choices/0/logprobs/content").size());
        text.append(piece);
      }
      if (event.path("usage").isObject()) {
        tokens = event.path("usage").path("completion_tokens").asInt();
      }
    }

    void end(End how, @Nullable String why) {
      end = how;
      failure = why;
      ended = System.nanoTime();
    }

    Answer answer() {
      return new Answer(
          question.model(),
          question.text(),
          question.due(),
          ended,
          status,
          retryAfter,
          id,
          release,
          mixed,
          text.toString(),
          stamps,
          counts,
          tokens,
          end,
          failure);
    }
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new EOFException("the connection was closed");
      }
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }

  /// The bytes of a chunked body, as they come.
  private static final class Dechunked extends InputStream {
    private final InputStream in;
    private int left;
    private boolean ended;

    Dechunked(InputStream in) {
      this.in = in;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      if (left == 0 && !ended) {
        left = Integer.parseInt(line(in).strip(), 16);
        ended = left == 0;
      }
      if (ended) {
        return -1;
      }
      int count = in.read(buffer, offset, Math.min(left, length));
      if (count < 0) {
        throw new EOFException("the connection was closed within an answer");
      }
      left -= count;
      if (left == 0) {
        line(in);
      }
      return count;
    }
  }
}
