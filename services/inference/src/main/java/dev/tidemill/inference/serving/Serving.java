package dev.tidemill.inference.serving;

import dev.tidemill.events.Arm;
import dev.tidemill.inference.serving.ServingTable.TaskArms;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// The one reference that requests read and the keeper switches.
public final class Serving {
  private final AtomicReference<ServingTable> table = new AtomicReference<>(ServingTable.UNKNOWN);

  private final AskedReleases asked;

  /// @param asked has the releases that no route names
  public Serving(AskedReleases asked) {
    this.asked = asked;
  }

  public ServingTable table() {
    return table.get();
  }

  /// Takes hold of the release that answers for a model name and a user. One that is asked for by
  /// id and that no route names is waited for until it is in memory.
  ///
  /// @param limit longest wait
  /// @throws dev.tidemill.platform.http.Problem when nobody answers
  public Lease lease(String model, String user, Duration limit) throws InterruptedException {
    while (true) {
      switch (table.get().choose(model, user)) {
        case ServingTable.Choice.Routed(ResidentRelease release, Arm arm) -> {
          if (release.tryAcquire()) {
            return new Lease(release, arm);
          }
          // Let go between the look and the grip: the table that no longer names it is published.
          Thread.onSpinWait();
        }
        case ServingTable.Choice.ById(String task) -> {
          return asked.lease(task, model, limit);
        }
      }
    }
  }

  /// Whether a task has a shadow release in memory.
  public boolean hasShadow(String task) {
    @Nullable TaskArms arms = table.get().tasks().get(task);
    return arms != null && arms.shadow() != null;
  }

  /// Takes hold of the shadow release of a task; null when there is none in memory.
  public @Nullable Lease shadow(String task) {
    @Nullable TaskArms arms = table.get().tasks().get(task);
    @Nullable ResidentRelease shadow = arms == null ? null : arms.shadow();
    return shadow != null && shadow.tryAcquire() ? new Lease(shadow, Arm.SHADOW) : null;
  }

  void publish(ServingTable next) {
    table.set(next);
  }
}
