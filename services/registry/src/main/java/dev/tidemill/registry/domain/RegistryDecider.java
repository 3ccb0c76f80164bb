package dev.tidemill.registry.domain;

import dev.tidemill.events.Canary;
import dev.tidemill.events.Candidate;
import dev.tidemill.events.Decision;
import dev.tidemill.events.GateCheck;
import dev.tidemill.events.GateReport;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.events.Route;
import dev.tidemill.platform.provenance.Applied;
import dev.tidemill.platform.provenance.Origin;
import dev.tidemill.registry.domain.Outcome.Accepted;
import dev.tidemill.registry.domain.Outcome.Reason;
import dev.tidemill.registry.domain.Outcome.Refused;
import dev.tidemill.registry.domain.RegistryEvent.ReleaseChanged;
import dev.tidemill.registry.domain.RegistryEvent.RouteChanged;
import dev.tidemill.registry.domain.ReleaseStatus.Evaluated;
import dev.tidemill.registry.domain.ReleaseStatus.Live;
import dev.tidemill.registry.domain.ReleaseStatus.OnCanary;
import dev.tidemill.registry.domain.ReleaseStatus.Proposed;
import dev.tidemill.registry.domain.ReleaseStatus.Quarantined;
import dev.tidemill.registry.domain.ReleaseStatus.Rejected;
import dev.tidemill.registry.domain.ReleaseStatus.Retired;
import dev.tidemill.registry.domain.ReleaseStatus.RolledBack;
import dev.tidemill.schemas.ReleaseId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Decides what an input changes, given the image. Pure: it returns the events to record and
/// changes nothing.
public final class RegistryDecider {
  private RegistryDecider() {}

  /// The events that the input makes, or why it makes none.
  ///
  /// @param now the time that new transitions carry
  public static Outcome decide(RegistryImage image, RegistryInput input, Instant now) {
    return switch (input) {
      case RegistryInput.CandidatePublished published -> propose(image, published.candidate(), now);
      case RegistryInput.DecisionTaken taken -> follow(image, taken.decision(), now);
      case RegistryInput.ErasureApplied applied -> Quarantine.decide(image, applied.erasure(), now);
      case RegistryInput.Approve approve -> approve(image, approve, now);
      case RegistryInput.RollBack rollBack -> rollBack(image, rollBack, now);
    };
  }

  private static Outcome propose(RegistryImage image, Candidate candidate, Instant now) {
    if (candidate.getTasks().isEmpty()) {
      return refused(Reason.MALFORMED, "candidate " + candidate.getId() + " names no task");
    }
    Optional<Applied> erasure = image.provenance().erasureIn(Origin.of(candidate));
    List<RegistryEvent> events = new ArrayList<>();
    for (String task : new LinkedHashSet<>(candidate.getTasks())) {
      if (image.release(ReleaseStatus.idOf(candidate, task)).isEmpty()) {
        events.addAll(proposeTo(task, candidate, erasure, now));
      }
    }
    return events.isEmpty()
        ? refused(Reason.REDELIVERED, "candidate " + candidate.getId() + " is known")
        : new Accepted(events);
  }

  /// @param erasure one that removed a record which the candidate contains: its trainer had not
  ///     learnt of it
  private static List<RegistryEvent> proposeTo(
      String task, Candidate candidate, Optional<Applied> erasure, Instant now) {
    GateReport gate = candidate.getGate();
    Proposed proposed =
        ReleaseStatus.propose(
            candidate,
            task,
            new Cause(
                "published as window " + candidate.getSequence() + " of " + candidate.getLineage(),
                "trainer:" + candidate.getTrainer(),
                Map.of("examples", (double) candidate.getExamples()),
                now));
    if (erasure.isPresent()) {
      return List.of(changed(proposed), changed(proposed.quarantine(Cause.of(erasure.get(), now))));
    }
    Cause judged = new Cause(gateReason(gate), Cause.GATE, gateNumbers(gate), now);
    ReleaseStatus next = gate.getPassed() ? proposed.pass(judged) : proposed.reject(judged);
    return List.of(changed(proposed), changed(next));
  }

  private static Outcome follow(RegistryImage image, Decision decision, Instant now) {
    Optional<ReleaseStatus> found = image.status(decision.getRelease());
    if (found.isEmpty()) {
      return unknownRelease(decision.getRelease());
    }
    ReleaseStatus status = found.get();
    boolean applied =
        status.release().getTransitions().stream()
            .anyMatch(t -> Cause.isDecision(t.getBy(), decision.getId()));
    if (applied) {
      return refused(Reason.REDELIVERED, "decision " + decision.getId() + " is applied already");
    }
    if (!status.release().getTask().equals(decision.getTask())) {
      return refused(
          Reason.MALFORMED,
          "decision %s says task %s of release %s"
              .formatted(decision.getId(), decision.getTask(), decision.getRelease()));
    }
    Cause cause = Cause.of(decision, now);
    return switch (decision.getAction()) {
      case START_CANARY -> startCanary(image, status, decision, cause);
      case SET_WEIGHT -> setWeight(image, status, decision, cause);
      case PROMOTE -> promote(image, status, cause);
      case ROLL_BACK -> rollBack(image, status, cause);
      case UNKNOWN ->
          refused(
              Reason.UNKNOWN_ACTION,
              "decision " + decision.getId() + " has an action that this version does not know");
    };
  }

  private static Outcome startCanary(
      RegistryImage image, ReleaseStatus status, Decision decision, Cause cause) {
    @Nullable String salt = decision.getSalt();
    if (salt == null || !isShare(decision.getWeight())) {
      return refused(
          Reason.MALFORMED,
          "a canary needs a salt and a weight between 0 and 1, decision "
              + decision.getId()
              + " has weight "
              + decision.getWeight());
    }
    if (!(status instanceof Evaluated evaluated)) {
      return illegal(status, "start a canary of");
    }
    String task = status.release().getTask();
    @Nullable Route route = image.route(task).orElse(null);
    if (route == null || route.getLive() == null) {
      return refused(Reason.NO_LIVE_RELEASE, "task " + task + " has no live release");
    }
    if (route.getCanary() != null) {
      return refused(
          Reason.CANARY_RUNNING,
          "task " + task + " tries " + route.getCanary().getTarget().getRelease() + " already");
    }
    OnCanary canary = evaluated.startCanary(cause);
    Canary arm = new Canary(canary.target(), decision.getWeight(), salt);
    return new Accepted(List.of(changed(canary), routed(image, task, route.getLive(), arm, cause)));
  }

  private static Outcome setWeight(
      RegistryImage image, ReleaseStatus status, Decision decision, Cause cause) {
    if (!isShare(decision.getWeight())) {
      return refused(
          Reason.MALFORMED,
          "a canary needs a weight between 0 and 1, decision "
              + decision.getId()
              + " has "
              + decision.getWeight());
    }
    if (!(status instanceof OnCanary canary)) {
      return illegal(status, "change the weight of");
    }
    Route route = routeOf(image, status);
    Canary arm = new Canary(canary.target(), decision.getWeight(), canaryOf(route).getSalt());
    return new Accepted(
        List.of(
            changed(canary.changeWeight(cause)),
            routed(image, route.getTask(), route.getLive(), arm, cause)));
  }

  private static Outcome promote(RegistryImage image, ReleaseStatus status, Cause cause) {
    String task = status.release().getTask();
    @Nullable Route route = image.route(task).orElse(null);
    @Nullable ReleaseTarget liveTarget = route == null ? null : route.getLive();
    return switch (status) {
      case Evaluated evaluated -> {
        if (liveTarget != null) {
          yield refused(
              Reason.LIVE_RELEASE_EXISTS,
              "release %s has not been on trial against %s"
                  .formatted(brief(status), ReleaseId.brief(liveTarget.getRelease())));
        }
        @Nullable Canary running = route == null ? null : route.getCanary();
        yield goLive(image, evaluated.promote(cause), null, running, cause);
      }
      case OnCanary canary -> goLive(image, canary.promote(cause), liveTarget, null, cause);
      case Proposed p -> illegal(p, "promote");
      case Live l -> illegal(l, "promote");
      case Retired r -> illegal(r, "promote");
      case Rejected r -> illegal(r, "promote");
      case RolledBack r -> illegal(r, "promote");
      case Quarantined q -> illegal(q, "promote");
    };
  }

  private static Outcome goLive(
      RegistryImage image,
      Live next,
      @Nullable ReleaseTarget before,
      @Nullable Canary canary,
      Cause cause) {
    List<RegistryEvent> events = new ArrayList<>();
    if (before != null) {
      Live old = (Live) image.status(before.getRelease()).orElseThrow();
      events.add(changed(old.retire(cause.because("replaced by " + brief(next)))));
    }
    events.add(changed(next));
    events.add(routed(image, next.release().getTask(), next.target(), canary, cause));
    return new Accepted(events);
  }

  private static Outcome rollBack(RegistryImage image, ReleaseStatus status, Cause cause) {
    return switch (status) {
      case Evaluated evaluated -> new Accepted(List.of(changed(evaluated.reject(cause))));
      case OnCanary canary -> {
        Route route = routeOf(image, canary);
        yield new Accepted(
            List.of(
                changed(canary.rollBack(cause)),
                routed(image, route.getTask(), route.getLive(), null, cause)));
      }
      case Live live -> rollBackLive(image, live, cause);
      case Proposed p -> illegal(p, "roll back");
      case Retired r -> illegal(r, "roll back");
      case Rejected r -> illegal(r, "roll back");
      case RolledBack r -> illegal(r, "roll back");
      case Quarantined q -> illegal(q, "roll back");
    };
  }

  private static Outcome rollBackLive(RegistryImage image, Live live, Cause cause) {
    String task = live.release().getTask();
    Optional<Retired> previous = image.lastRetired(task);
    if (previous.isEmpty()) {
      return refused(
          Reason.NO_LIVE_RELEASE,
          "release " + brief(live) + " is live and task " + task + " has none to return to");
    }
    RolledBack rolledBack = live.rollBack(cause);
    Live restored =
        previous.get().restore(cause.because(brief(live) + " was rolled back: " + cause.reason()));
    @Nullable Canary canary = routeOf(image, live).getCanary();
    return new Accepted(
        List.of(
            changed(rolledBack),
            changed(restored),
            routed(image, task, restored.target(), canary, cause)));
  }

  private static Outcome approve(RegistryImage image, RegistryInput.Approve approve, Instant now) {
    Optional<ReleaseStatus> found = image.status(approve.release());
    if (found.isEmpty()) {
      return unknownRelease(approve.release());
    }
    Cause cause = Cause.ofOperator(approve.operator(), approve.reason(), now);
    return switch (found.get()) {
      case Proposed proposed -> new Accepted(List.of(changed(proposed.pass(cause))));
      case Rejected rejected when rejected.byGate() ->
          new Accepted(List.of(changed(rejected.approve(cause))));
      case Rejected r ->
          refused(
              Reason.ILLEGAL_STATE,
              "release "
                  + brief(r)
                  + " is rejected, and not by the gate; only the gate can be overruled");
      case Evaluated e -> illegal(e, "approve");
      case OnCanary c -> illegal(c, "approve");
      case Live l -> illegal(l, "approve");
      case Retired r -> illegal(r, "approve");
      case RolledBack r -> illegal(r, "approve");
      case Quarantined q -> illegal(q, "approve");
    };
  }

  private static Outcome rollBack(
      RegistryImage image, RegistryInput.RollBack command, Instant now) {
    @Nullable Route route = image.route(command.task()).orElse(null);
    if (route == null) {
      return refused(Reason.UNKNOWN_TASK, "no task " + command.task() + " has a route");
    }
    @Nullable String asked = command.release();
    @Nullable ReleaseTarget live = route.getLive();
    if (asked == null && live == null) {
      return refused(Reason.NO_LIVE_RELEASE, "task " + command.task() + " has no live release");
    }
    String id = asked == null ? Objects.requireNonNull(live).getRelease() : asked;
    Optional<ReleaseStatus> found = image.status(id);
    if (found.isEmpty() || !found.get().release().getTask().equals(command.task())) {
      return unknownRelease(id);
    }
    return rollBack(
        image, found.get(), Cause.ofOperator(command.operator(), command.reason(), now));
  }

  private static RouteChanged routed(
      RegistryImage image,
      String task,
      @Nullable ReleaseTarget live,
      @Nullable Canary canary,
      Cause cause) {
    Optional<Route> before = image.route(task);
    long epoch = before.map(Route::getEpoch).orElse(0L) + 1;
    @Nullable ReleaseTarget shadow = before.map(Route::getShadow).orElse(null);
    return new RouteChanged(new Route(task, epoch, live, canary, shadow, cause.at()));
  }

  private static Route routeOf(RegistryImage image, ReleaseStatus status) {
    return image
        .route(status.release().getTask())
        .orElseThrow(() -> new IllegalStateException("no route holds " + brief(status)));
  }

  private static Canary canaryOf(Route route) {
    return Objects.requireNonNull(route.getCanary(), "no canary on the route of a canary release");
  }

  private static ReleaseChanged changed(ReleaseStatus status) {
    return new ReleaseChanged(status.release());
  }

  private static boolean isShare(double weight) {
    return weight > 0 && weight < 1;
  }

  private static String gateReason(GateReport gate) {
    if (gate.getPassed()) {
      return "the gate passed with " + gate.getChecks().size() + " checks";
    }
    String failed =
        gate.getChecks().stream()
            .filter(check -> !check.getPassed())
            .map(
                check ->
                    String.format(
                        Locale.ROOT,
                        "%s is %.4g against the bound %.4g",
                        check.getName(),
                        check.getValue(),
                        check.getThreshold()))
            .collect(Collectors.joining("; "));
    return failed.isEmpty() ? "the gate failed" : "the gate failed: " + failed;
  }

  private static Map<String, Double> gateNumbers(GateReport gate) {
    Map<String, Double> numbers = new LinkedHashMap<>();
    for (GateCheck check : gate.getChecks()) {
      numbers.put(check.getName(), check.getValue());
      if (check.getBaseline() != null) {
        numbers.put(check.getName() + "_baseline", check.getBaseline());
      }
      numbers.put(check.getName() + "_threshold", check.getThreshold());
    }
    return numbers;
  }

  private static Refused unknownRelease(String id) {
    return refused(Reason.UNKNOWN_RELEASE, "no release has the id " + id);
  }

  private static Refused illegal(ReleaseStatus status, String what) {
    return refused(
        Reason.ILLEGAL_STATE,
        "cannot %s release %s: it is %s"
            .formatted(what, brief(status), status.release().getState()));
  }

  private static Refused refused(Reason reason, String detail) {
    return new Refused(reason, detail);
  }

  private static String brief(ReleaseStatus status) {
    return ReleaseId.brief(status.release().getId());
  }
}
