package dev.tidemill.pretrainer.io;

import dev.tidemill.events.CuratedDocument;
import dev.tidemill.events.Holdout;
import dev.tidemill.events.Route;
import dev.tidemill.platform.ServiceContext;
import dev.tidemill.platform.kafka.TopicTable;
import dev.tidemill.platform.lifecycle.ServiceLoop;
import dev.tidemill.platform.window.CrashPoints;
import dev.tidemill.platform.window.Lineage;
import dev.tidemill.platform.window.WindowLoop;
import dev.tidemill.platform.window.WindowMeters;
import dev.tidemill.pretrainer.PretrainerConfig;
import dev.tidemill.schemas.Topics;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Everything the pretrainer runs: the tables it follows and the thread that trains.
public final class Pretraining implements AutoCloseable {
  private final ServiceContext context;
  private final String name;
  private final Duration heartbeatLimit;
  private final TopicTable<Route> routes;
  private final TopicTable<Holdout> holdout;
  private final BaseTrainer trainer;
  private final WindowLoop<CuratedDocument> windows;
  private volatile @Nullable ServiceLoop loop;

  /// @param crash where tests end the pretrainer
  public Pretraining(
      ServiceContext context, PretrainerConfig config, String codeVersion, CrashPoints crash) {
    this.context = context;
    this.name = "pretrainer-" + config.name();
    this.heartbeatLimit = config.heartbeatLimit();
    this.routes =
        new TopicTable<>(context.kafka(), Topics.ROUTES, context.health(), context.metrics());
    this.holdout =
        new TopicTable<>(context.kafka(), Topics.HOLDOUT, context.health(), context.metrics());
    Lineage<CuratedDocument> lineage =
        new Lineage<>("pretrainer/" + config.name(), Topics.CURATED_DOCUMENTS, null);
    WindowMeters meters = new WindowMeters(context.metrics(), "pretrainer", lineage.line());
    BaseGate gate =
        new BaseGate(
            config, context.artifacts(), routes, new HeldOut(holdout, config.gate().maxHeldout()));
    this.trainer = new BaseTrainer(config, context.artifacts(), gate, this::whyNotReady, meters);
    this.windows =
        new WindowLoop<>(
            lineage,
            trainer,
            context.kafka(),
            context.artifacts(),
            meters,
            new WindowLoop.Settings(
                config.window(),
                config.stateDirectory(),
                config.instance(),
                codeVersion,
                context.clock(),
                System::nanoTime,
                crash));
  }

  public void start() {
    routes.start();
    holdout.start();
    context.health().readiness(name, trainer::whyNotReady);
    loop =
        ServiceLoop.named(name, context.health())
            .heartbeatLimit(heartbeatLimit)
            .wakeup(windows::stop)
            .atEnd(windows::close)
            .start(() -> windows.step(this::pulse));
  }

  // A gate that knew neither what is live nor what is held out would judge nothing.
  private Optional<String> whyNotReady() {
    return routes.caughtUp() && holdout.caughtUp()
        ? Optional.empty()
        : Optional.of("routes and holdout are still being read");
  }

  private void pulse() {
    @Nullable ServiceLoop running = loop;
    if (running != null) {
      running.heartbeat().beat();
    }
  }

  @Override
  public void close() {
    context.health().removeReadiness(name);
    @Nullable ServiceLoop running = loop;
    if (running != null) {
      running.close();
    }
    holdout.close();
    routes.close();
  }
}
