package dev.tidemill.inference.io;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.tidemill.platform.http.Json;
import io.helidon.http.sse.SseEvent;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.sse.SseSink;

/// A stream of server-sent events. A client that went away is noticed at the next write, hence the
/// pings. Helidon writes no space after the colon of a field; there is one here, as OpenAI has it
/// and simple clients look for it.
final class SseStream implements AutoCloseable {
  private static final SseEvent PING = SseEvent.builder().comment(" ping").build();
  private static final SseEvent DONE = SseEvent.create(" [DONE]");

  private final SseSink sink;

  /// The client has hung up.
  static final class ClientGone extends Exception {
    private static final long serialVersionUID = 1L;

    ClientGone(Throwable cause) {
      super("the client has hung up", cause);
    }
  }

  private SseStream(SseSink sink) {
    this.sink = sink;
  }

  /// Opens the stream: status and headers go out now.
  static SseStream open(ServerResponse response) {
    return new SseStream(response.sink(SseSink.TYPE));
  }

  void send(JsonNode body) throws ClientGone {
    try {
      emit(SseEvent.create(" " + Json.mapper().writeValueAsString(body)));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree cannot be written as JSON", e);
    }
  }

  void ping() throws ClientGone {
    emit(PING);
  }

  void done() throws ClientGone {
    emit(DONE);
  }

  private void emit(SseEvent event) throws ClientGone {
    try {
      sink.emit(event);
    } catch (RuntimeException e) {
      // Helidon wraps what the socket throws in several ways; all of them mean the same here.
      throw new ClientGone(e);
    }
  }

  @Override
  public void close() {
    sink.close();
  }
}
