package dev.tidemill.inference.decode;

import dev.tidemill.model.generate.KvPool;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.function.ToDoubleFunction;

/// What is measured of decoding, named as vLLM names it.
final class DecodeMeters {
  private static final Duration[] FIRST_TOKEN_BUCKETS =
      millis(1, 5, 10, 20, 40, 60, 80, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000, 40_000);
  private static final Duration[] BETWEEN_TOKENS_BUCKETS =
      millis(1, 2, 5, 10, 20, 40, 60, 80, 100, 200, 400, 800, 2000);

  private final Timer firstToken;
  private final Timer betweenTokens;
  private final Counter promptTokens;
  private final Counter knownTokens;
  private final Counter generatedTokens;
  private final DistributionSummary batchSize;

  DecodeMeters(MeterRegistry registry) {
    firstToken =
        Timer.builder("tidemill.inference.time.to.first.token")
            .description("From admission to the first token")
            .serviceLevelObjectives(FIRST_TOKEN_BUCKETS)
            .register(registry);
    betweenTokens =
        Timer.builder("tidemill.inference.inter.token.latency")
            .description("Between two tokens of one sequence")
            .serviceLevelObjectives(BETWEEN_TOKENS_BUCKETS)
            .register(registry);
    promptTokens =
        Counter.builder("tidemill.inference.prompt.tokens")
            .description("Tokens read")
            .register(registry);
    knownTokens =
        Counter.builder("tidemill.inference.prompt.tokens.reused")
            .description("Tokens of prompts that were in the caches already")
            .register(registry);
    generatedTokens =
        Counter.builder("tidemill.inference.generation.tokens")
            .description("Tokens drawn")
            .register(registry);
    batchSize =
        DistributionSummary.builder("tidemill.inference.decode.batch.size")
            .description("Sequences decoded by one call")
            .serviceLevelObjectives(1, 2, 4, 8, 16, 32)
            .register(registry);
  }

  static void bind(MeterRegistry registry, KvPool caches) {
    Gauge.builder("tidemill.inference.kv.cache.used", caches, KvPool::used)
        .description("Memory of the caches of running sequences and of prompts that are kept")
        .baseUnit("bytes")
        .register(registry);
    Gauge.builder("tidemill.inference.kv.cache.budget", caches, KvPool::capacity)
        .description("Memory that there is for caches")
        .baseUnit("bytes")
        .register(registry);
  }

  static void bind(
      MeterRegistry registry,
      DecodeEngine engine,
      ToDoubleFunction<DecodeEngine> running,
      ToDoubleFunction<DecodeEngine> waiting) {
    Gauge.builder("tidemill.inference.num.requests.running", engine, running)
        .description("Sequences being decoded")
        .register(registry);
    Gauge.builder("tidemill.inference.num.requests.waiting", engine, waiting)
        .description("Admitted requests that wait for a place")
        .register(registry);
  }

  void promptRead(int tokens) {
    promptTokens.increment(tokens);
  }

  /// Tokens of a prompt that need not be read, since the caches have them.
  void promptKnown(int tokens) {
    knownTokens.increment(tokens);
  }

  void batch(int size) {
    batchSize.record(size);
  }

  void firstToken(long nanos) {
    generatedTokens.increment();
    firstToken.record(Duration.ofNanos(Math.max(0, nanos)));
  }

  void nextToken(long nanos) {
    generatedTokens.increment();
    betweenTokens.record(Duration.ofNanos(Math.max(0, nanos)));
  }

  private static Duration[] millis(int... values) {
    Duration[] durations = new Duration[values.length];
    for (int i = 0; i < values.length; i++) {
      durations[i] = Duration.ofMillis(values[i]);
    }
    return durations;
  }
}
