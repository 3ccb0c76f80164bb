package dev.tidemill.inference.io;

import com.sun.management.OperatingSystemMXBean;
import dev.tidemill.events.Release;
import dev.tidemill.events.Route;
import dev.tidemill.inference.InferenceConfig;
import dev.tidemill.inference.decode.DecodeEngine;
import dev.tidemill.inference.serving.AskedReleases;
import dev.tidemill.inference.serving.KnownReleases;
import dev.tidemill.inference.serving.ReleaseKeeper;
import dev.tidemill.inference.serving.Residency;
import dev.tidemill.inference.serving.ResidentRelease;
import dev.tidemill.inference.serving.Serving;
import dev.tidemill.inference.serving.ServingMeters;
import dev.tidemill.model.Engine;
import dev.tidemill.platform.ServiceContext;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.http.HttpServer;
import dev.tidemill.platform.http.HttpServerFactory;
import dev.tidemill.platform.http.KeyRing;
import dev.tidemill.platform.ids.Ids;
import dev.tidemill.platform.kafka.TopicTable;
import dev.tidemill.platform.lifecycle.Lifecycle;
import dev.tidemill.schemas.Topics;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// One running replica: its parts, wired by hand and closed in order.
public final class Replica implements AutoCloseable {
  private static final String READINESS = "inference-routes";
  private static final Duration FLUSH_LIMIT = Duration.ofSeconds(10);
  private static final int TOKENIZER_THREADS = 2;

  private final Lifecycle parts;
  private final ReleaseKeeper keeper;
  private final HttpServer http;

  private Replica(Lifecycle parts, ReleaseKeeper keeper, HttpServer http) {
    this.parts = parts;
    this.keeper = keeper;
    this.http = http;
  }

  /// Starts everything and returns when the API listens; the releases come after it.
  public static Replica start(ServiceContext context, InferenceConfig config, Ids ids) {
    Lifecycle parts = new Lifecycle();
    try {
      return start(context, config, ids, parts);
    } catch (RuntimeException e) {
      parts.close();
      throw e;
    }
  }

  // Parts are closed in the reverse order of their adding: admission first, the records last.
  private static Replica start(
      ServiceContext context, InferenceConfig config, Ids ids, Lifecycle parts) {
    MeterRegistry registry = context.metrics();
    Health health = context.health();
    if (config.threads() > 0) {
      Engine.setThreads(config.threads());
    }
    String id = replicaId(config);
    ServingMeters servingMeters = new ServingMeters(registry);
    ApiMeters apiMeters = new ApiMeters(registry);

    CompletionLog completions =
        parts.add(
            "completions",
            FLUSH_LIMIT.plusSeconds(30),
            new CompletionLog(
                context.kafka(), config.completionBuffer(), FLUSH_LIMIT, health, registry));
    TopicTable<Release> releases =
        new TopicTable<>(context.kafka(), Topics.RELEASES, health, registry);
    KnownReleases known = new KnownReleases(releases::image, releases::caughtUp);
    AskedReleases asked = new AskedReleases(known, config.maxWaiting());
    Serving serving = new Serving(asked);
    Freshness freshness = new Freshness(servingMeters, release -> releases.image().get(release));
    TopicTable<Route> routes = new TopicTable<>(context.kafka(), Topics.ROUTES, health, registry);
    DecodeEngine engine =
        new DecodeEngine(
            config.maxRunning(),
            config.maxWaiting(),
            cacheBytes(config),
            config.prefillChunk(),
            registry,
            health);
    News news = new News(freshness);
    ReleaseKeeper keeper =
        parts.add(
            "keeper",
            new ReleaseKeeper(
                context.artifacts(),
                serving,
                asked,
                residentBytes(config),
                config.weights(),
                engine,
                servingMeters,
                health,
                context.clock(),
                config.retryRefused(),
                routes::caughtUp,
                news));
    news.keeper.set(keeper);
    parts.add("engine", engine);
    Prompts prompts = parts.add("tokenizers", new Prompts(TOKENIZER_THREADS));
    CompletionRecords records = new CompletionRecords(id);
    WaitEstimate waits = new WaitEstimate(config.maxRunning(), System::nanoTime);
    Gauge.builder(
            "tidemill.inference.expected.wait",
            () -> waits.seconds(engine.running(), engine.waiting(), 1))
        .description("Time that a request would wait for its turn")
        .baseUnit("seconds")
        .register(registry);
    Mirror mirror =
        parts.add(
            "mirror",
            new Mirror(
                serving,
                engine,
                prompts,
                completions,
                records,
                registry,
                config.maxRunning(),
                config.shadowShare(),
                () -> ThreadLocalRandom.current().nextDouble()));
    KeyLimits limits = new KeyLimits(config.quotas(), System::nanoTime);
    OpenAiApi api =
        new OpenAiApi(
            new Answers(
                serving,
                engine,
                prompts,
                completions,
                records,
                limits,
                apiMeters,
                context.clock(),
                new Answers.Bounds(
                    config.maxTokensDefault(),
                    config.maxChoices(),
                    config.requestTimeout(),
                    config.maxWait()),
                waits,
                mirror),
            serving,
            known,
            new KeyRing(config.apiKeys()),
            limits,
            apiMeters,
            ids,
            config.pingInterval());
    HttpServer http =
        parts.add(
            "http",
            HttpServerFactory.start(
                "inference", config.http(), registry, OpenAiErrors.INSTANCE, api::register));
    @Nullable String endpoint = config.endpoint();
    ReplicaReporter reporter =
        parts.add(
            "reporter",
            new ReplicaReporter(
                id,
                endpoint == null ? http.uri().toString() : endpoint,
                config.reportInterval(),
                keeper::residency,
                context.kafka(),
                context.clock(),
                health));
    news.reporter.set(reporter);
    parts.add(
        "requests under way", config.grace().plusSeconds(5), () -> drain(engine, asked, config));
    engine.start();
    keeper.start();
    parts.add("releases table", releases.listen(freshness).start());
    parts.add("routes table", routes.listen((image, keys) -> keeper.desire(image)).start());
    health.readiness(READINESS, () -> whyNotReady(routes, keeper));
    parts.add("readiness", () -> health.removeReadiness(READINESS));
    return new Replica(parts, keeper, http);
  }

  public URI uri() {
    return http.uri();
  }

  public Residency residency() {
    return keeper.residency();
  }

  @Override
  public void close() {
    parts.close();
  }

  private static void drain(DecodeEngine engine, AskedReleases asked, InferenceConfig config)
      throws InterruptedException {
    engine.refuseNew();
    asked.close();
    boolean idle = engine.awaitIdle(config.grace());
    if (!idle) {
      engine.cancelAll();
    }
  }

  private static Optional<String> whyNotReady(TopicTable<Route> routes, ReleaseKeeper keeper) {
    if (!routes.caughtUp()) {
      return Optional.of("the routes have not been read yet");
    }
    return keeper.residency().settled()
        ? Optional.empty()
        : Optional.of("the releases that the routes name are being loaded");
  }

  /// Half of the memory of the machine, or of the container, unless told: caches of running
  /// sequences, the heap and the page cache need theirs.
  private static long residentBytes(InferenceConfig config) {
    return config.residentBytes() > 0 ? config.residentBytes() : memory() / 2;
  }

  private static long cacheBytes(InferenceConfig config) {
    return config.kvCacheBytes() > 0 ? config.kvCacheBytes() : memory() / 8;
  }

  private static long memory() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
  }

  private static String replicaId(InferenceConfig config) {
    @Nullable String id = config.replicaId();
    if (id != null) {
      return id;
    }
    long process = ProcessHandle.current().pid();
    try {
      return InetAddress.getLocalHost().getHostName() + "-" + process;
    } catch (UnknownHostException e) {
      return "replica-" + process;
    }
  }

  /// Passes on what the keeper says; its hearers are made after it.
  private static final class News implements ReleaseKeeper.Listener {
    private final Freshness freshness;
    private final AtomicReference<@Nullable ReleaseKeeper> keeper = new AtomicReference<>();
    private final AtomicReference<@Nullable ReplicaReporter> reporter = new AtomicReference<>();

    News(Freshness freshness) {
      this.freshness = freshness;
    }

    @Override
    public void changed() {
      @Nullable ReplicaReporter hearer = reporter.get();
      if (hearer != null) {
        hearer.changed();
      }
    }

    @Override
    public void served(ResidentRelease release, Instant at) {
      @Nullable ReleaseKeeper from = keeper.get();
      freshness.served(release.id(), at, from != null && from.residency().settled());
    }
  }
}
