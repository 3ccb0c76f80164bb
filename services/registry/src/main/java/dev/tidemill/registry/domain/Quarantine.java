package dev.tidemill.registry.domain;

import dev.tidemill.events.Canary;
import dev.tidemill.events.Release;
import dev.tidemill.events.ReleaseState;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.events.Route;
import dev.tidemill.platform.provenance.Applied;
import dev.tidemill.registry.domain.RegistryEvent.ErasureSeen;
import dev.tidemill.registry.domain.RegistryEvent.ReleaseChanged;
import dev.tidemill.registry.domain.RegistryEvent.RouteChanged;
import dev.tidemill.registry.domain.ReleaseStatus.Live;
import dev.tidemill.registry.domain.ReleaseStatus.OnCanary;
import dev.tidemill.registry.domain.ReleaseStatus.Quarantinable;
import dev.tidemill.registry.domain.ReleaseStatus.Quarantined;
import dev.tidemill.schemas.ReleaseId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What an applied erasure changes: each release that contains a removed record is quarantined, and
/// no route leads to it any more, all in one outcome.
final class Quarantine {
  private Quarantine() {}

  /// The erasure itself, the releases it quarantines, and the routes that change by that.
  static Outcome decide(RegistryImage image, Applied erasure, Instant now) {
    List<RegistryEvent> seen = List.of(new ErasureSeen(erasure));
    RegistryImage next = image.replay(seen);
    if (next.provenance().equals(image.provenance())) {
      return new Outcome.Refused(
          Outcome.Reason.REDELIVERED, "erasure " + erasure.id() + " is known");
    }
    Cause cause = Cause.of(erasure, now);
    List<RegistryEvent> events = new ArrayList<>(seen);
    for (Release release : next.containing(erasure)) {
      switch (ReleaseStatus.of(release)) {
        case Quarantinable status ->
            events.add(new ReleaseChanged(status.quarantine(cause).release()));
        case Quarantined quarantined -> {}
      }
    }
    next = image.replay(events);
    for (Route route : next.routes()) {
      events.addAll(leave(next, route, cause));
    }
    return new Outcome.Accepted(events);
  }

  /// The route without its quarantined releases; nothing when it has none.
  private static List<RegistryEvent> leave(RegistryImage image, Route route, Cause cause) {
    @Nullable ReleaseTarget live = clean(image, route.getLive());
    @Nullable Canary canary = route.getCanary();
    if (canary != null && clean(image, canary.getTarget()) == null) {
      canary = null;
    }
    @Nullable ReleaseTarget shadow = clean(image, route.getShadow());
    @Nullable ReleaseTarget former = route.getLive();
    List<RegistryEvent> events = new ArrayList<>();
    if (former != null && live == null) {
      Optional<Live> successor = successor(image, route.getTask(), canary, former, cause);
      if (successor.isPresent()) {
        events.add(new ReleaseChanged(successor.get().release()));
        live = successor.get().target();
        if (canary != null && canary.getTarget().equals(live)) {
          canary = null;
        }
      }
    }
    Route next = new Route(route.getTask(), route.getEpoch() + 1, live, canary, shadow, cause.at());
    boolean same =
        Objects.equals(live, route.getLive())
            && Objects.equals(canary, route.getCanary())
            && Objects.equals(shadow, route.getShadow());
    return same ? List.of() : withRoute(events, next);
  }

  private static List<RegistryEvent> withRoute(List<RegistryEvent> events, Route route) {
    events.add(new RouteChanged(route));
    return events;
  }

  /// What answers when the live release may not any more: the release that was retired last; else
  /// the newest bare base that waits for its turn; else the canary, which has passed its gate and
  /// has nothing left to be compared with. None of these is quarantined, by its state.
  private static Optional<Live> successor(
      RegistryImage image,
      String task,
      @Nullable Canary canary,
      ReleaseTarget former,
      Cause cause) {
    Cause instead =
        cause.because(ReleaseId.brief(former.getRelease()) + " is quarantined: " + cause.reason());
    return image
        .lastRetired(task)
        .map(retired -> retired.restore(instead))
        .or(() -> image.lastEvaluatedBase(task).map(base -> base.promote(instead)))
        .or(
            () ->
                Optional.ofNullable(canary)
                    .flatMap(arm -> image.release(arm.getTarget().getRelease()))
                    .map(release -> new OnCanary(release).promote(instead)));
  }

  /// The target, or null when its release is quarantined.
  private static @Nullable ReleaseTarget clean(
      RegistryImage image, @Nullable ReleaseTarget target) {
    boolean quarantined =
        target != null
            && image
                .release(target.getRelease())
                .filter(release -> release.getState() == ReleaseState.QUARANTINED)
                .isPresent();
    return quarantined ? null : target;
  }
}
