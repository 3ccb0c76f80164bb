package dev.tidemill.tuner;

import dev.tidemill.events.Example;
import dev.tidemill.events.Holdout;
import dev.tidemill.events.Route;
import dev.tidemill.model.Engine;
import dev.tidemill.platform.Service;
import dev.tidemill.platform.ServiceContext;
import dev.tidemill.platform.kafka.TopicTable;
import dev.tidemill.platform.lifecycle.Lifecycle;
import dev.tidemill.platform.lifecycle.ServiceLoop;
import dev.tidemill.platform.window.CrashPoints;
import dev.tidemill.platform.window.Lineage;
import dev.tidemill.platform.window.NativeThread;
import dev.tidemill.platform.window.WindowLoop;
import dev.tidemill.platform.window.WindowMeters;
import dev.tidemill.schemas.Topics;
import dev.tidemill.tuner.io.TaskTrainer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Trains one line of adapters for each configured task: a loop each, and one native thread that
/// trains for all of them.
public final class TunerService implements Service {

  private static final Duration STOP_LIMIT = Duration.ofSeconds(25);

  private final ServiceContext context;
  private final TunerConfig config;
  private final CrashPoints crash;
  private final Lifecycle lifecycle = new Lifecycle();

  public TunerService(ServiceContext context, TunerConfig config) {
    this(context, config, CrashPoints.fromSystemProperty());
  }

  /// @param crash where tests end the tuner
  public TunerService(ServiceContext context, TunerConfig config, CrashPoints crash) {
    this.context = context;
    this.config = config;
    this.crash = crash;
  }

  @Override
  public void start() {
    if (config.threads() > 0) {
      Engine.setThreads(config.threads());
    }
    TopicTable<Route> routes =
        lifecycle.add(
            "routes",
            new TopicTable<>(context.kafka(), Topics.ROUTES, context.health(), context.metrics()));
    TopicTable<Holdout> holdout =
        lifecycle.add(
            "holdout",
            new TopicTable<>(context.kafka(), Topics.HOLDOUT, context.health(), context.metrics()));
    routes.start();
    holdout.start();
    NativeThread thread = lifecycle.add("native thread", new NativeThread("tuner-native"));
    for (String task : config.tasks()) {
      startTask(task, routes, holdout, thread);
    }
  }

  @Override
  public void close() {
    config.tasks().forEach(task -> context.health().removeReadiness("tuner-" + task));
    lifecycle.close();
  }

  private void startTask(
      String task, TopicTable<Route> routes, TopicTable<Holdout> holdout, NativeThread thread) {
    Lineage<Example> lineage = new Lineage<>("tuner/" + task, Topics.EXAMPLES, task);
    WindowMeters meters = new WindowMeters(context.metrics(), "tuner", lineage.line());
    TaskTrainer trainer =
        lifecycle.add(
            "trainer of " + task,
            new TaskTrainer(task, config, context.artifacts(), routes, holdout, thread, meters));
    context.health().readiness("tuner-" + task, trainer::whyNotReady);
    WindowLoop<Example> loop =
        new WindowLoop<>(
            lineage,
            trainer,
            context.kafka(),
            context.artifacts(),
            meters,
            new WindowLoop.Settings(
                config.window().policy(),
                config.stateDirectory(),
                config.instance(),
                codeVersion(),
                context.clock(),
                System::nanoTime,
                crash));
    AtomicReference<@Nullable ServiceLoop> running = new AtomicReference<>();
    Runnable pulse =
        () -> {
          @Nullable ServiceLoop now = running.get();
          if (now != null) {
            now.heartbeat().beat();
          }
        };
    running.set(
        lifecycle.add(
            "loop of " + task,
            ServiceLoop.named("tuner-" + task, context.health())
                .heartbeatLimit(Duration.ofMinutes(2))
                .stopLimit(STOP_LIMIT)
                .wakeup(loop::stop)
                .atEnd(loop::close)
                .start(() -> loop.step(pulse))));
  }

  private static String codeVersion() {
    @Nullable String version = TunerService.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }
}
