package dev.tidemill.rollout;

import dev.tidemill.platform.Service;
import dev.tidemill.platform.ServiceContext;
import dev.tidemill.platform.lifecycle.ServiceLoop;
import dev.tidemill.rollout.io.RolloutLoop;
import dev.tidemill.rollout.io.RolloutMetrics;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Moves traffic: starts canaries, judges them by the ratings of their answers, promotes or rolls
/// back. One thread reads, decides and publishes.
public final class RolloutService implements Service {
  private final ServiceContext context;
  private final RolloutMetrics metrics;
  private final RolloutLoop rollout;
  private @Nullable ServiceLoop loop;

  public RolloutService(ServiceContext context, RolloutConfig config) {
    this.context = context;
    this.metrics = new RolloutMetrics(context.metrics());
    this.rollout = new RolloutLoop(context.kafka(), context.clock(), config, metrics);
  }

  @Override
  public void start() {
    context
        .health()
        .readiness(
            "rollout",
            () ->
                rollout.ready()
                    ? Optional.empty()
                    : Optional.of("releases and routes are not read yet"));
    loop =
        ServiceLoop.named("rollout-decisions", context.health())
            .wakeup(rollout::wakeup)
            .atEnd(rollout::close)
            .start(rollout::step);
  }

  @Override
  public void close() {
    @Nullable ServiceLoop running = loop;
    if (running != null) {
      running.close();
    }
    context.health().removeReadiness("rollout");
    metrics.close();
  }
}
