package dev.tidemill.platform.http;

import dev.tidemill.platform.faults.FatalFault;
import dev.tidemill.platform.faults.RejectedFault;
import dev.tidemill.platform.faults.RetriableFault;
import io.helidon.http.DirectHandler;
import io.helidon.http.HeaderNames;
import io.helidon.http.HttpException;
import io.helidon.http.RequestException;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Turns whatever a handler or the server itself throws into a problem, and writes it.
final class Problems {

  private static final Logger log = LoggerFactory.getLogger(Problems.class);

  private final String server;
  private final long maxBodyBytes;
  private final ProblemRenderer renderer;
  private final RecordingRules rules;

  Problems(String server, long maxBodyBytes, ProblemRenderer renderer, RecordingRules rules) {
    this.server = server;
    this.maxBodyBytes = maxBodyBytes;
    this.renderer = renderer;
    this.rules = rules;
  }

  /// Answers a request that ended by an exception. Once an answer has begun it can only be cut off.
  void answer(ServerRequest request, ServerResponse response, Throwable thrown) {
    Problem problem = problem(request, thrown);
    response.status(Status.create(problem.status()));
    response.header(HeaderNames.CONTENT_TYPE, renderer.contentType());
    @Nullable Duration retryAfter = problem.retryAfter();
    if (retryAfter != null) {
      response.header(HeaderNames.RETRY_AFTER, Long.toString(Math.max(1, retryAfter.toSeconds())));
    }
    if (problem.status() == 405) {
      response.header(HeaderNames.ALLOW, String.join(", ", rules.methods(request.prologue())));
    }
    response.send(renderer.body(problem, request.path().path()));
  }

  /// For what fails before routing: a head that is not HTTP, a body announced as too long.
  DirectHandlers directHandlers() {
    DirectHandlers.Builder builder = DirectHandlers.builder();
    for (DirectHandler.EventType type : DirectHandler.EventType.values()) {
      builder.addHandler(type, this::direct);
    }
    return builder.build();
  }

  private DirectHandler.TransportResponse direct(
      DirectHandler.TransportRequest request,
      DirectHandler.EventType type,
      Status status,
      ServerResponseHeaders headers,
      @Nullable String message) {
    // Before routing there is nothing but what the client has sent.
    Status why = status.code() >= 500 ? Status.BAD_REQUEST_400 : status;
    Problem problem =
        ofStatus(why, message == null ? "the request's head could not be read" : message);
    return DirectHandler.TransportResponse.builder()
        .status(why)
        .headers(headers)
        .header(HeaderNames.CONTENT_TYPE, renderer.contentType())
        .keepAlive(type.keepAlive())
        .entity(renderer.body(problem, request.path()))
        .build();
  }

  private Problem problem(ServerRequest request, Throwable thrown) {
    return switch (thrown) {
      case Problem own -> own;
      case HttpException e when e.status().code() == 404 -> unknownPath(request);
      case HttpException e -> ofStatus(e.status(), message(e));
      case RequestException e -> ofStatus(e.status(), message(e));
      case RejectedFault e -> Problem.badRequest(message(e));
      case RetriableFault e -> {
        log.warn("{}: {} {}: {}", server, request.prologue().method(), path(request), message(e));
        yield Problem.unavailable(message(e), Duration.ofSeconds(1));
      }
      case FatalFault e -> internal(request, e);
      case Throwable e -> internal(request, e);
    };
  }

  private Problem unknownPath(ServerRequest request) {
    List<String> methods = rules.methods(request.prologue());
    String method = request.prologue().method().text();
    if (!methods.isEmpty() && !methods.contains(method)) {
      return Problem.of(
          405,
          "method-not-allowed",
          "Method not allowed",
          path(request)
              + " does not answer "
              + method
              + "; it answers "
              + String.join(", ", methods),
          null);
    }
    return Problem.notFound("there is no " + path(request) + " here");
  }

  private Problem internal(ServerRequest request, Throwable e) {
    log.error("{}: {} {} failed", server, request.prologue().method(), path(request), e);
    return Problem.internal();
  }

  private Problem ofStatus(Status status, String message) {
    if (status.code() == 413) {
      return Problem.tooLarge(maxBodyBytes);
    }
    if (status.code() >= 500) {
      log.error("{}: the server failed a request: {}", server, message);
      return Problem.internal();
    }
    return Problem.of(
        status.code(),
        status.code() == 400 ? "bad-request" : "http-" + status.code(),
        status.reasonPhrase(),
        message,
        null);
  }

  private static String path(ServerRequest request) {
    return request.path().path();
  }

  private static String message(Throwable e) {
    @Nullable String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message;
  }
}
