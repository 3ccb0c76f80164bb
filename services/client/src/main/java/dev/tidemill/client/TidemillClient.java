package dev.tidemill.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/// Pushes records to a gateway. A record that the [Receipt] calls accepted is written: the broker
/// has acknowledged it. Requests that find no room or no gateway are sent again, under an
/// idempotency key, so that no record counts twice.
///
/// Safe for use by several threads.
public final class TidemillClient {

  /// Waits between attempts.
  @FunctionalInterface
  interface Waiting {
    void await(Duration duration) throws InterruptedException;
  }

  private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);
  private static final int WORTH_PACKING = 1024;

  private final URI gateway;
  private final @Nullable String apiKey;
  private final @Nullable String producer;
  private final Duration timeout;
  private final int attempts;
  private final int batchRecords;
  private final int batchBytes;
  private final Waiting waiting;
  private final HttpClient http;

  private TidemillClient(Builder builder) {
    this.gateway = builder.gateway;
    this.apiKey = builder.apiKey;
    this.producer = builder.producer;
    this.timeout = builder.timeout;
    this.attempts = builder.attempts;
    this.batchRecords = builder.batchRecords;
    this.batchBytes = builder.batchBytes;
    this.waiting = builder.waiting;
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(builder.timeout)
            .build();
  }

  /// A client of the gateway at `http://host:port`.
  public static Builder at(URI gateway) {
    return new Builder(gateway);
  }

  /// Pushes one record.
  ///
  /// @throws RefusedException when the gateway refuses it
  /// @throws UnavailableException when no attempt came through
  public Receipt push(Push record) {
    return push(List.of(record));
  }

  /// Pushes records of one kind in batches, under an idempotency key of its own making.
  public Receipt push(List<? extends Push> records) {
    return push(UUID.randomUUID().toString(), records);
  }

  /// Pushes records of one kind in batches. The same records under the same key, pushed again at
  /// any time and by any process, count once.
  ///
  /// @param idempotencyKey up to 200 printable ASCII characters, as `import-2026-11-21`
  public Receipt push(String idempotencyKey, List<? extends Push> records) {
    List<Receipt.Result> results = new ArrayList<>(records.size());
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    @Nullable String path = null;
    int first = 0;
    int batches = 0;
    for (int i = 0; i < records.size(); i++) {
      Push record = records.get(i);
      if (path != null && !path.equals(Wire.path(record))) {
        throw new IllegalArgumentException(
            "records of one push must be of one kind; number " + i + " is another");
      }
      path = Wire.path(record);
      byte[] line = Wire.line(record);
      if (i > first && (i - first == batchRecords || body.size() + line.length > batchBytes)) {
        results.addAll(send(path, idempotencyKey, batches++, body.toByteArray(), first));
        body.reset();
        first = i;
      }
      body.writeBytes(line);
    }
    if (path != null) {
      results.addAll(send(path, idempotencyKey, batches, body.toByteArray(), first));
    }
    return new Receipt(results);
  }

  private List<Receipt.Result> send(String path, String key, int batch, byte[] body, int first) {
    HttpRequest request = request(path, batch == 0 ? key : key + "." + batch, body);
    String fault = "";
    @Nullable Throwable cause = null;
    for (int attempt = 1; attempt <= attempts; attempt++) {
      @Nullable Duration retryAfter = null;
      try {
        HttpResponse<byte[]> response = http.send(request, HttpResponse.BodyHandlers.ofByteArray());
        JsonNode answer = Wire.tree(response.body());
        // Also a 400 has results when every line was rejected.
        if (response.statusCode() == 202 || answer.path("results").isArray()) {
          return results(answer, first);
        }
        Problem problem = Wire.problem(answer, response.statusCode());
        if (!passing(response.statusCode())) {
          throw new RefusedException(problem);
        }
        fault = problem.detail();
        retryAfter =
            response.headers().firstValue("Retry-After").map(TidemillClient::seconds).orElse(null);
      } catch (IOException e) {
        fault = String.valueOf(e.getMessage());
        cause = e;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new UnavailableException("interrupted while pushing to " + gateway, key, e);
      }
      if (attempt < attempts) {
        pause(retryAfter, attempt, key);
      }
    }
    throw new UnavailableException(
        gateway + " took nothing in " + attempts + " attempts: " + fault, key, cause);
  }

  // 409 says that an earlier attempt is still under way.
  private static boolean passing(int status) {
    return status == 409 || status == 429 || status == 502 || status == 503 || status == 504;
  }

  private void pause(@Nullable Duration retryAfter, int attempt, String key) {
    Duration wait = retryAfter;
    if (wait == null) {
      // Doubled each time, and spread so that many clients do not come back at once.
      wait =
          Duration.ofMillis(
              (long) ((100L << attempt) * ThreadLocalRandom.current().nextDouble(1, 2)));
    }
    try {
      waiting.await(wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UnavailableException("interrupted while waiting for " + gateway, key, e);
    }
  }

  private HttpRequest request(String path, String key, byte[] body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(gateway.resolve(path))
            .timeout(timeout)
            .header("Content-Type", "application/x-ndjson")
            .header("Idempotency-Key", key);
    if (apiKey != null) {
      request.header("X-API-Key", apiKey);
    }
    if (producer != null) {
      request.header("X-Tidemill-Producer", producer);
    }
    byte[] sent = body;
    if (body.length >= WORTH_PACKING) {
      request.header("Content-Encoding", "gzip");
      sent = packed(body);
    }
    return request.POST(HttpRequest.BodyPublishers.ofByteArray(sent)).build();
  }

  private static List<Receipt.Result> results(JsonNode answer, int first) {
    List<Receipt.Result> results = new ArrayList<>();
    for (JsonNode line : answer.path("results")) {
      int index = first + line.path("line").asInt() - 1;
      results.add(
          line.path("status").asText().equals("accepted")
              ? new Receipt.Accepted(index, line.path("id").asText())
              : new Receipt.Rejected(index, Wire.problem(line.path("problem"), 400)));
    }
    return results;
  }

  private static byte[] packed(byte[] body) {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(body);
    } catch (IOException e) {
      throw new UncheckedIOException("a body cannot be packed in memory", e);
    }
    return packed.toByteArray();
  }

  private static @Nullable Duration seconds(String value) {
    try {
      return Duration.ofSeconds(Math.max(0, Long.parseLong(value.strip())));
    } catch (NumberFormatException e) {
      return null;
    }
  }

  /// How a client pushes; what is left out has the default named here.
  public static final class Builder {
    private final URI gateway;
    private @Nullable String apiKey;
    private @Nullable String producer;
    private Duration timeout = Duration.ofSeconds(30);
    private int attempts = 5;
    private int batchRecords = 500;
    private int batchBytes = 900_000;
    private Waiting waiting = duration -> Thread.sleep(duration.toMillis());

    private Builder(URI gateway) {
      this.gateway = gateway;
    }

    /// The producer's API key, where the gateway wants one.
    public Builder apiKey(String newApiKey) {
      apiKey = newApiKey;
      return this;
    }

    /// The producer's name, where the gateway knows no API keys.
    public Builder producer(String newProducer) {
      producer = newProducer;
      return this;
    }

    /// How long an attempt may take; 30 s.
    public Builder timeout(Duration newTimeout) {
      timeout = newTimeout;
      return this;
    }

    /// How often a request is tried; 5 times.
    public Builder attempts(int newAttempts) {
      if (newAttempts < 1) {
        throw new IllegalArgumentException("attempts must be positive, was " + newAttempts);
      }
      attempts = newAttempts;
      return this;
    }

    /// The largest batch; 500 records and 900,000 bytes. The gateway's limits are 10,000 records
    /// and 1 MiB unless configured otherwise.
    public Builder batch(int records, int bytes) {
      if (records < 1 || bytes < 1) {
        throw new IllegalArgumentException(
            "a batch must hold a record and a byte, was " + records + " and " + bytes);
      }
      batchRecords = records;
      batchBytes = bytes;
      return this;
    }

    Builder waiting(Waiting newWaiting) {
      waiting = newWaiting;
      return this;
    }

    public TidemillClient build() {
      return new TidemillClient(this);
    }
  }
}
