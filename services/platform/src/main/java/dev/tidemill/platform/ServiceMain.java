package dev.tidemill.platform;

import dev.tidemill.platform.artifact.DirectoryArtifactStore;
import dev.tidemill.platform.config.AdminConfig;
import dev.tidemill.platform.config.ArtifactsConfig;
import dev.tidemill.platform.config.ConfigException;
import dev.tidemill.platform.config.KafkaConfig;
import dev.tidemill.platform.config.Settings;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.http.AdminServer;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.lifecycle.Lifecycle;
import dev.tidemill.platform.logging.Logging;
import dev.tidemill.platform.metrics.Metrics;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;

/// Runs one service as a process of its own: reads the configuration, wires the context, starts,
/// waits, and stops in order when asked to (SIGTERM, Ctrl-C) or when the service fails.
///
/// The process ends with 0 after an ordered stop, 1 when the service failed, 2 when the
/// configuration or the command line cannot be used; then one sentence on standard error says why.
public final class ServiceMain {

  private static final Logger log = LoggerFactory.getLogger(ServiceMain.class);

  private static final String STARTING = "start";

  private ServiceMain() {}

  @CommandLine.Command(mixinStandardHelpOptions = true)
  private static final class Options {
    @CommandLine.Option(
        names = "--config",
        paramLabel = "FILE",
        description =
            "YAML file with the settings; without it only TIDEMILL_ variables of the environment"
                + " are read")
    private @Nullable Path config;
  }

  /// Runs the service and ends the JVM.
  ///
  /// @param service name of the service and of its section in the settings
  /// @param config the section's record
  /// @param factory makes the service
  public static <C extends Record, S extends Service> void run(
      String service, Class<C> config, BiFunction<ServiceContext, C, S> factory, String[] args) {
    System.exit(execute(service, config, factory, args, System.getenv()));
  }

  /// Runs the service until it is told to stop, and returns the exit code.
  static <C extends Record, S extends Service> int execute(
      String service,
      Class<C> config,
      BiFunction<ServiceContext, C, S> factory,
      String[] args,
      Map<String, String> env) {
    CommandLine commandLine = new CommandLine(new Options()).setCommandName(service);
    Options options = commandLine.getCommand();
    try {
      CommandLine.ParseResult parsed = commandLine.parseArgs(args);
      if (parsed.isUsageHelpRequested()) {
        commandLine.usage(System.out);
        return 0;
      }
    } catch (CommandLine.ParameterException e) {
      System.err.println(e.getMessage());
      return 2;
    }
    Logging.configure();
    Lifecycle lifecycle = new Lifecycle();
    CompletableFuture<Optional<Health.Failure>> end = new CompletableFuture<>();
    Thread hook = stopHook(service, lifecycle, end);
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      start(service, config, factory, Settings.load(options.config, env), lifecycle, end);
      log.info("{} has started", service);
      Optional<Health.Failure> failure = end.join();
      failure.ifPresent(
          f ->
              System.err.println(service + " failed: " + f.name() + ": " + f.cause().getMessage()));
      return failure.isPresent() ? 1 : 0;
    } catch (ConfigException e) {
      System.err.println(e.getMessage());
      return 2;
    } catch (Exception e) {
      log.error("{} could not be started", service, e);
      System.err.println(service + " could not be started: " + e.getMessage());
      return 1;
    } finally {
      stop(service, lifecycle);
    }
  }

  private static <C extends Record, S extends Service> void start(
      String service,
      Class<C> configType,
      BiFunction<ServiceContext, C, S> factory,
      Settings settings,
      Lifecycle lifecycle,
      CompletableFuture<Optional<Health.Failure>> end)
      throws Exception {
    C config = settings.section(service, configType);
    KafkaConfig kafka = settings.section("kafka", KafkaConfig.class);
    AdminConfig admin = settings.section("admin", AdminConfig.class);
    ArtifactsConfig artifacts = settings.section("artifacts", ArtifactsConfig.class);

    PrometheusMeterRegistry metrics = Metrics.create();
    lifecycle.add("metrics", metrics::close);
    Health health = new Health();
    // The admin server answers before the service has registered its own question.
    health.readiness(STARTING, () -> Optional.of(service + " is starting"));
    var _ = health.firstFailure().thenAccept(failure -> end.complete(Optional.of(failure)));
    lifecycle.add("admin server", AdminServer.start(admin, metrics, health));
    ServiceContext context =
        new ServiceContext(
            service,
            new KafkaClients(kafka, service, metrics),
            metrics,
            DirectoryArtifactStore.of(artifacts),
            health,
            InstantSource.system());
    S made = factory.apply(context, config);
    lifecycle.add(service, made);
    made.start();
    health.removeReadiness(STARTING);
  }

  private static Thread stopHook(
      String service, Lifecycle lifecycle, CompletableFuture<Optional<Health.Failure>> end) {
    return Thread.ofPlatform()
        .name("stop")
        .unstarted(
            () -> {
              end.complete(Optional.empty());
              stop(service, lifecycle);
            });
  }

  private static void stop(String service, Lifecycle lifecycle) {
    try {
      lifecycle.close();
      log.debug("{} has stopped", service);
    } catch (IllegalStateException e) {
      log.error("{}: {}", service, e.getMessage(), e);
    }
  }
}
