package dev.tidemill.inference;

import dev.tidemill.inference.domain.KeyQuotas;
import dev.tidemill.model.WeightFormat;
import dev.tidemill.model.generate.Generator;
import dev.tidemill.platform.config.HttpConfig;
import dev.tidemill.platform.http.KeyRing;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How a replica serves (section `inference`).
///
/// @param http where the API listens
/// @param replicaId name of this replica, the same over its restarts; host name and process when
///     absent
/// @param endpoint base URL of the API as others reach it; the address it listens on when absent
/// @param threads that one native call may use, set for the whole process; 0 leaves it as it is
/// @param maxRunning sequences decoded at once; 8 unless told
/// @param maxWaiting admitted requests that may wait for a place; beyond it 429; 64 unless told
/// @param maxWait longest time that an admitted request may be expected to wait for its place,
///     by the pace of late; beyond it 429; 10 s unless told
/// @param maxTokensDefault longest answer when the request does not say; 256 unless told
/// @param maxChoices most answers that one request may ask for (`n`); 8 unless told
/// @param requestTimeout from admission to the last token; 2 minutes unless told
/// @param pingInterval longest silence on a stream before a comment is sent, which is how a client
///     that hung up is noticed; 1 s unless told
/// @param grace how long requests under way may go on when the service stops; 15 s unless told
/// @param completionBuffer completions that may be unacknowledged by Kafka, those being answered
///     included, before requests are refused; 4096 unless told
/// @param reportInterval between two replica records when nothing changes; 5 s unless told
/// @param retryRefused wait before a refused artifact is tried again; 30 s unless told
/// @param residentBytes most memory that the weights of bases and adapters may take; half of the
///     memory of the machine or container when 0 or absent
/// @param weights what the matrices of bases are in memory, and are computed with; as they are
///     stored unless told
/// @param shadowShare share of requests that a task's shadow release is asked, too, when there are
///     free places; all unless told
/// @param kvCacheBytes memory for the caches of sequences; an eighth of the memory of the machine
///     or container when 0 or absent
/// @param prefillChunk tokens of a prompt that are read between two tokens of the others; 128
///     unless told
/// @param apiKeys who may ask: name of the producer to the SHA-256 of its key in lower-case hex, or
///     of two keys while one replaces the other; nobody is asked for a key when it is empty
/// @param quotas how much each key may ask for, and of which tasks; without limit unless told
public record InferenceConfig(
    HttpConfig http,
    @Nullable String replicaId,
    @Nullable String endpoint,
    int threads,
    int maxRunning,
    int maxWaiting,
    Duration maxWait,
    int maxTokensDefault,
    int maxChoices,
    Duration requestTimeout,
    Duration pingInterval,
    Duration grace,
    int completionBuffer,
    Duration reportInterval,
    Duration retryRefused,
    long residentBytes,
    WeightFormat weights,
    Double shadowShare,
    long kvCacheBytes,
    int prefillChunk,
    Map<String, List<String>> apiKeys,
    KeyQuotas quotas) {

  public InferenceConfig {
    http = http == null ? HttpConfig.of("127.0.0.1", 0) : http;
    maxRunning = maxRunning == 0 ? 8 : maxRunning;
    maxWaiting = maxWaiting == 0 ? 64 : maxWaiting;
    maxWait = maxWait == null ? Duration.ofSeconds(10) : maxWait;
    shadowShare = shadowShare == null ? Double.valueOf(1) : shadowShare;
    maxTokensDefault = maxTokensDefault == 0 ? 256 : maxTokensDefault;
    maxChoices = maxChoices == 0 ? Math.min(8, maxRunning + maxWaiting) : maxChoices;
    requestTimeout = requestTimeout == null ? Duration.ofMinutes(2) : requestTimeout;
    pingInterval = pingInterval == null ? Duration.ofSeconds(1) : pingInterval;
    grace = grace == null ? Duration.ofSeconds(15) : grace;
    completionBuffer = completionBuffer == 0 ? 4096 : completionBuffer;
    reportInterval = reportInterval == null ? Duration.ofSeconds(5) : reportInterval;
    retryRefused = retryRefused == null ? Duration.ofSeconds(30) : retryRefused;
    weights = weights == null ? WeightFormat.AS_STORED : weights;
    apiKeys = apiKeys == null ? Map.of() : Map.copyOf(apiKeys);
    quotas = quotas == null ? KeyQuotas.NONE : quotas;
    requireNotNegative("threads", threads);
    prefillChunk = prefillChunk == 0 ? Generator.CHUNK : prefillChunk;
    requirePositive("prefill_chunk", prefillChunk);
    requireNotNegative("kv_cache_bytes", kvCacheBytes);
    requireNotNegative("resident_bytes", residentBytes);
    requirePositive("max_running", maxRunning);
    requirePositive("max_waiting", maxWaiting);
    requirePositive("max_wait", maxWait);
    if (!(shadowShare >= 0 && shadowShare <= 1)) {
      throw new IllegalArgumentException("shadow_share must be from 0 to 1, was " + shadowShare);
    }
    requirePositive("max_tokens_default", maxTokensDefault);
    requirePositive("max_choices", maxChoices);
    requirePositive("completion_buffer", completionBuffer);
    requirePositive("request_timeout", requestTimeout);
    requirePositive("ping_interval", pingInterval);
    requirePositive("report_interval", reportInterval);
    requirePositive("retry_refused", retryRefused);
    if (grace.isNegative()) {
      throw new IllegalArgumentException("grace must not be negative, was " + grace);
    }
    if (maxChoices > maxRunning + maxWaiting) {
      throw new IllegalArgumentException(
          "max_choices must be at most max_running and max_waiting together, was " + maxChoices);
    }
    if (completionBuffer < Math.max(maxRunning, maxChoices)) {
      throw new IllegalArgumentException(
          "completion_buffer must be at least max_running and max_choices, was "
              + completionBuffer);
    }
    KeyRing.check(apiKeys);
    for (String name : quotas.keys().keySet()) {
      if (!apiKeys.containsKey(name)) {
        throw new IllegalArgumentException(
            "quotas.keys names " + name + ", which has no key in api_keys");
      }
    }
  }

  /// Everything by default, listening as told.
  public static InferenceConfig of(HttpConfig http, @Nullable String replicaId) {
    return new Builder(http).replicaId(replicaId).build();
  }

  /// A configuration in code, every part by default until it is set.
  public static Builder builder(HttpConfig http) {
    return new Builder(http);
  }

  /// Puts a configuration together for those who embed the service.
  public static final class Builder {
    private final HttpConfig http;
    private @Nullable String replicaId;
    private @Nullable String endpoint;
    private int threads;
    private int maxRunning = 8;
    private int maxWaiting = 64;
    private Duration maxWait = Duration.ofSeconds(10);
    private double shadowShare = 1;
    private int maxTokensDefault = 256;
    private int maxChoices;
    private Duration requestTimeout = Duration.ofMinutes(2);
    private Duration pingInterval = Duration.ofSeconds(1);
    private Duration grace = Duration.ofSeconds(15);
    private int completionBuffer = 4096;
    private Duration reportInterval = Duration.ofSeconds(5);
    private Duration retryRefused = Duration.ofSeconds(30);
    private long residentBytes;
    private WeightFormat weights = WeightFormat.AS_STORED;
    private long kvCacheBytes;
    private int prefillChunk;
    private Map<String, List<String>> apiKeys = Map.of();
    private KeyQuotas quotas = KeyQuotas.NONE;

    private Builder(HttpConfig http) {
      this.http = http;
    }

    public Builder replicaId(@Nullable String value) {
      replicaId = value;
      return this;
    }

    public Builder endpoint(@Nullable String value) {
      endpoint = value;
      return this;
    }

    public Builder threads(int value) {
      threads = value;
      return this;
    }

    public Builder maxRunning(int value) {
      maxRunning = value;
      return this;
    }

    public Builder maxWaiting(int value) {
      maxWaiting = value;
      return this;
    }

    public Builder maxWait(Duration value) {
      maxWait = value;
      return this;
    }

    public Builder shadowShare(double value) {
      shadowShare = value;
      return this;
    }

    public Builder maxTokensDefault(int value) {
      maxTokensDefault = value;
      return this;
    }

    public Builder maxChoices(int value) {
      maxChoices = value;
      return this;
    }

    public Builder requestTimeout(Duration value) {
      requestTimeout = value;
      return this;
    }

    public Builder pingInterval(Duration value) {
      pingInterval = value;
      return this;
    }

    public Builder grace(Duration value) {
      grace = value;
      return this;
    }

    public Builder completionBuffer(int value) {
      completionBuffer = value;
      return this;
    }

    public Builder reportInterval(Duration value) {
      reportInterval = value;
      return this;
    }

    public Builder retryRefused(Duration value) {
      retryRefused = value;
      return this;
    }

    public Builder residentBytes(long value) {
      residentBytes = value;
      return this;
    }

    public Builder weights(WeightFormat value) {
      weights = value;
      return this;
    }

    public Builder kvCacheBytes(long value) {
      kvCacheBytes = value;
      return this;
    }

    public Builder prefillChunk(int value) {
      prefillChunk = value;
      return this;
    }

    public Builder apiKeys(Map<String, List<String>> value) {
      apiKeys = value;
      return this;
    }

    public Builder quotas(KeyQuotas value) {
      quotas = value;
      return this;
    }

    public InferenceConfig build() {
      return new InferenceConfig(
          http,
          replicaId,
          endpoint,
          threads,
          maxRunning,
          maxWaiting,
          maxWait,
          maxTokensDefault,
          maxChoices,
          requestTimeout,
          pingInterval,
          grace,
          completionBuffer,
          reportInterval,
          retryRefused,
          residentBytes,
          weights,
          shadowShare,
          kvCacheBytes,
          prefillChunk,
          apiKeys,
          quotas);
    }
  }

  private static void requirePositive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1, was " + value);
    }
  }

  private static void requireNotNegative(String name, long value) {
    if (value < 0) {
      throw new IllegalArgumentException(name + " must not be negative, was " + value);
    }
  }

  private static void requirePositive(String name, Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(name + " must be above zero, was " + value);
    }
  }
}
