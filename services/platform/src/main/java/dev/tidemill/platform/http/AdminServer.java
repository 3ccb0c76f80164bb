package dev.tidemill.platform.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.tidemill.platform.config.AdminConfig;
import dev.tidemill.platform.config.HttpConfig;
import dev.tidemill.platform.health.Health;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerResponse;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.URI;

/// The server for those who watch: `/metrics` in Prometheus' text format, `/health/live` and
/// `/health/ready` as JSON, answered 503 when something is not ok, with the names and reasons.
public final class AdminServer implements AutoCloseable {

  private static final String PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8";

  private final HttpServer server;

  private AdminServer(HttpServer server) {
    this.server = server;
  }

  public static AdminServer start(
      AdminConfig config, PrometheusMeterRegistry metrics, Health health) {
    HttpServer server =
        HttpServerFactory.start(
            "admin",
            HttpConfig.of(config.host(), config.port()),
            metrics,
            rules ->
                rules
                    .get(
                        "/metrics",
                        (request, response) ->
                            response
                                .header(HeaderNames.CONTENT_TYPE, PROMETHEUS_TEXT)
                                .send(metrics.scrape()))
                    .get("/health/live", (request, response) -> send(response, health.live()))
                    .get("/health/ready", (request, response) -> send(response, health.ready())));
    return new AdminServer(server);
  }

  public int port() {
    return server.port();
  }

  public URI uri() {
    return server.uri();
  }

  @Override
  public void close() {
    server.close();
  }

  private static void send(ServerResponse response, Health.Report report)
      throws JsonProcessingException {
    response
        .status(report.ok() ? Status.OK_200 : Status.SERVICE_UNAVAILABLE_503)
        .header(HeaderNames.CONTENT_TYPE, "application/json")
        .send(Json.mapper().writeValueAsBytes(report));
  }
}
