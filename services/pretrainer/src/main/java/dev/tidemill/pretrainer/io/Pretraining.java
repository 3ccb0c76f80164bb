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
import org.jspecify.annotations.Nullable;

/// Everything the pretrainer runs: the tables it follows and the thread that trains.
public final class Pretraining implements AutoCloseable {
  private static final Duration LONGEST_STEP = Duration.ofMinutes(5);

  private final ServiceContext context;
  private final String name;
  private final TopicTable<Route> routes;
  private final TopicTable<Holdout> holdout;
  private final WindowLoop<CuratedDocument> windows;
  private volatile @Nullable ServiceLoop loop;

  /// @param trainer name of this process in candidates
  public Pretraining(
      ServiceContext context, PretrainerConfig config, String codeVersion, String trainer) {
    this.context = context;
    this.name = config.name();
    this.routes =
        new TopicTable<>(context.kafka(), Topics.ROUTES, context.health(), context.metrics());
    this.holdout =
        new TopicTable<>(context.kafka(), Topics.HOLDOUT, context.health(), context.metrics());
    Lineage<CuratedDocument> lineage =
        new Lineage<>("pretrainer/" + name, Topics.CURATED_DOCUMENTS, null);
    WindowMeters meters = new WindowMeters(context.metrics(), "pretrainer", lineage.name());
    BaseGate gate = new BaseGate(config, context.artifacts(), routes, new HeldOut(holdout));
    this.windows =
        new WindowLoop<>(
            lineage,
            new BaseTrainer(
                config,
                context.artifacts(),
                context.kafka().codec(Topics.CURATED_DOCUMENTS),
                gate,
                meters),
            context.kafka(),
            context.artifacts(),
            meters,
            new WindowLoop.Settings(
                config.window(),
                config.stateDirectory(),
                trainer,
                codeVersion,
                context.clock(),
                System::nanoTime,
                CrashPoints.fromSystemProperty()));
  }

  public void start() {
    routes.start();
    holdout.start();
    loop =
        ServiceLoop.named("pretrainer-" + name, context.health())
            .heartbeatLimit(LONGEST_STEP)
            .wakeup(windows::stop)
            .atEnd(windows::close)
            .start(this::step);
  }

  private void step() throws InterruptedException {
    if (!routes.caughtUp() || !holdout.caughtUp()) {
      // A gate that knew neither what is live nor what is held out would judge nothing.
      boolean _ = holdout.awaitCaughtUp(Duration.ofMillis(200));
      return;
    }
    windows.step(this::pulse);
  }

  private void pulse() {
    @Nullable ServiceLoop running = loop;
    if (running != null) {
      running.heartbeat().beat();
    }
  }

  @Override
  public void close() {
    @Nullable ServiceLoop running = loop;
    if (running != null) {
      running.close();
    }
    holdout.close();
    routes.close();
  }
}
