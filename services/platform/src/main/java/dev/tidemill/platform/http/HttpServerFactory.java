package dev.tidemill.platform.http;

import dev.tidemill.platform.config.ConfigException;
import dev.tidemill.platform.config.HttpConfig;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.HttpRules;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Starts HTTP servers that all behave alike: problem details for whatever goes wrong, a limit on
/// bodies, request meters, an ordered stop. Handlers run on virtual threads and may block.
public final class HttpServerFactory {

  private static final Logger log = LoggerFactory.getLogger(HttpServerFactory.class);
  private static final Duration DRAIN_LIMIT = Duration.ofSeconds(20);

  private HttpServerFactory() {}

  /// Starts a server and returns when it listens.
  ///
  /// @param name of the server, for meters (`tidemill_http_request_seconds{server=...}`) and the
  /// log
  /// @param routes registers the handlers, as `rules -> rules.post("/v1/documents", this::post)`
  /// @throws ConfigException when the address cannot be listened on
  public static HttpServer start(
      String name, HttpConfig config, MeterRegistry metrics, Consumer<HttpRules> routes) {
    return start(name, config, metrics, ProblemDetails.INSTANCE, routes);
  }

  /// The same with errors written another way.
  public static HttpServer start(
      String name,
      HttpConfig config,
      MeterRegistry metrics,
      ProblemRenderer renderer,
      Consumer<HttpRules> routes) {
    refuseTakenPort(name, config);
    InFlight inFlight = new InFlight(name);
    HttpRouting.Builder routing = HttpRouting.builder();
    RecordingRules rules = new RecordingRules(routing);
    Problems problems = new Problems(name, config.maxBodyBytes(), renderer, rules);
    routing.addFilter(new RequestMeters(name, metrics, inFlight));
    routing.addFilter(inFlight);
    BodyLimit bodyLimit = new BodyLimit(config.maxBodyBytes());
    routing.addFilter(bodyLimit);
    routing.error(Throwable.class, problems::answer);
    routes.accept(rules);
    WebServer server =
        WebServer.builder()
            .host(config.host())
            .port(config.port())
            .maxPayloadSize(bodyLimit.tolerated())
            .shutdownHook(false)
            .connectionOptions(options -> options.tcpNoDelay(true))
            .addConnectionSelector(new PresentClients())
            .directHandlers(problems.directHandlers())
            .routing(routing)
            .build();
    try {
      server.start();
    } catch (RuntimeException e) {
      throw new ConfigException(
          "%s cannot listen on %s:%d: %s"
              .formatted(name, config.host(), config.port(), e.getMessage()),
          e);
    }
    log.info("{} listens on http://{}:{}", name, config.host(), server.port());
    return new HttpServer(server, inFlight, config.host(), DRAIN_LIMIT);
  }

  // Helidon logs a taken port with a stack trace; asking first gives one sentence.
  private static void refuseTakenPort(String name, HttpConfig config) {
    try (ServerSocket probe = new ServerSocket()) {
      probe.setReuseAddress(true);
      probe.bind(new InetSocketAddress(InetAddress.getByName(config.host()), config.port()));
    } catch (IOException e) {
      throw new ConfigException(
          "%s cannot listen on %s:%d: %s"
              .formatted(name, config.host(), config.port(), e.getMessage()),
          e);
    }
  }
}
