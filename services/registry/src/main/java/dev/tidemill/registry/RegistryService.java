package dev.tidemill.registry;

import dev.tidemill.platform.Service;
import dev.tidemill.platform.ServiceContext;
import dev.tidemill.platform.http.HttpServer;
import dev.tidemill.platform.http.HttpServerFactory;
import dev.tidemill.platform.lifecycle.ServiceLoop;
import dev.tidemill.registry.io.QuarantinedArtifacts;
import dev.tidemill.registry.io.RegistryApi;
import dev.tidemill.registry.io.RegistryMetrics;
import dev.tidemill.registry.io.RegistryWriter;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Keeps which release exists and in what state. One thread decides, records and applies; the REST
/// API reads the published image and hands commands to that thread.
public final class RegistryService implements Service {
  private final ServiceContext context;
  private final RegistryConfig config;
  private final RegistryMetrics metrics;
  private final RegistryWriter writer;
  private final QuarantinedArtifacts quarantined;
  private @Nullable ServiceLoop loop;
  private @Nullable ServiceLoop removal;
  private @Nullable HttpServer server;

  public RegistryService(ServiceContext context, RegistryConfig config) {
    this.context = context;
    this.config = config;
    this.metrics = new RegistryMetrics(context.metrics());
    this.writer = new RegistryWriter(context.kafka(), context.clock(), metrics);
    this.quarantined =
        new QuarantinedArtifacts(
            writer::image,
            context.artifacts(),
            context.clock(),
            config.quarantine().keep(),
            context.metrics());
  }

  @Override
  public void start() {
    metrics.follow(writer::image);
    context
        .health()
        .readiness(
            "registry",
            () ->
                writer.image() == null
                    ? Optional.of("the recorded releases are not read yet")
                    : Optional.empty());
    loop =
        ServiceLoop.named("registry-writer", context.health())
            .wakeup(writer::wakeup)
            .atEnd(writer::close)
            .start(writer::step);
    removal =
        ServiceLoop.named("registry-quarantine", context.health())
            .wakeup(quarantined::stop)
            .start(quarantined::step);
    RegistryApi api = new RegistryApi(writer, config.commandTimeout());
    server = HttpServerFactory.start("registry", config.http(), context.metrics(), api::register);
  }

  /// The port that the REST API listens on, once started.
  public int port() {
    @Nullable HttpServer started = server;
    if (started == null) {
      throw new IllegalStateException("the registry is not started");
    }
    return started.port();
  }

  @Override
  public void close() {
    @Nullable HttpServer started = server;
    if (started != null) {
      started.close();
    }
    @Nullable ServiceLoop removing = removal;
    if (removing != null) {
      removing.close();
    }
    @Nullable ServiceLoop running = loop;
    if (running != null) {
      running.close();
    }
    context.health().removeReadiness("registry");
    metrics.close();
  }
}
