package dev.tidemill.platform.http;

import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.stream.LongStream;

/// Times each request by server, method, route and status. The route is the pattern that matched,
/// never the path that was asked for, so that the number of series stays small.
final class RequestMeters implements Filter {

  private static final Duration[] BUCKETS =
      LongStream.of(1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000)
          .mapToObj(Duration::ofMillis)
          .toArray(Duration[]::new);

  private final String server;
  private final MeterRegistry metrics;

  RequestMeters(String server, MeterRegistry metrics, InFlight inFlight) {
    this.server = server;
    this.metrics = metrics;
    Gauge.builder("tidemill.http.requests.in.flight", inFlight, InFlight::count)
        .description("Requests under way")
        .tag("server", server)
        .register(metrics);
  }

  @Override
  public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
    Timer.Sample sample = Timer.start(metrics);
    // Errors are answered outside the filters, so the end of the filter is not the end of the
    // request; the sending of the answer is.
    response.whenSent(() -> record(sample, request, response));
    chain.proceed();
  }

  private void record(Timer.Sample sample, RoutingRequest request, RoutingResponse response) {
    sample.stop(
        Timer.builder("tidemill.http.request")
            .description("Time from a request's head to the end of its answer")
            .tag("server", server)
            .tag("method", request.prologue().method().text())
            .tag("route", request.matchingPattern().orElse("none"))
            .tag("status", Integer.toString(response.status().code()))
            .serviceLevelObjectives(BUCKETS)
            .register(metrics));
  }
}
