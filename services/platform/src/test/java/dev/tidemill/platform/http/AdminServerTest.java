package dev.tidemill.platform.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.platform.config.AdminConfig;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.metrics.Metrics;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class AdminServerTest {

  private final HttpClient client = HttpClient.newHttpClient();

  @Test
  void metricsAndHealthAreServed() throws Exception {
    AtomicLong nanos = new AtomicLong();
    Health health = new Health(nanos::get);
    health.heartbeat("loop", Duration.ofSeconds(5));
    health.readiness("routes", () -> Optional.of("the routes are not read yet"));
    PrometheusMeterRegistry metrics = Metrics.create();
    try (AdminServer admin = AdminServer.start(new AdminConfig("127.0.0.1", 0), metrics, health)) {
      HttpResponse<String> scraped = get(admin, "/metrics");
      assertThat(scraped.headers().firstValue("Content-Type").orElseThrow())
          .startsWith("text/plain; version=0.0.4");
      assertThat(scraped.body())
          .contains("jvm_memory_used_bytes", "tidemill_process_resident_memory_bytes");

      HttpResponse<String> ready = get(admin, "/health/ready");
      assertThat(ready.statusCode()).isEqualTo(503);
      assertThat(ready.body())
          .isEqualTo(
              """
              {"ok":false,"checks":[{"name":"routes","ok":false,\
              "reason":"the routes are not read yet"}]}\
              """);

      assertThat(get(admin, "/health/live").statusCode()).isEqualTo(200);
      nanos.addAndGet(Duration.ofSeconds(6).toNanos());
      HttpResponse<String> dead = get(admin, "/health/live");
      assertThat(dead.statusCode()).isEqualTo(503);
      assertThat(dead.body()).contains("has not come round for 6 s; the limit is 5 s");
    }
  }

  private HttpResponse<String> get(AdminServer admin, String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create(admin.uri() + path)).build(), BodyHandlers.ofString());
  }
}
