package dev.tidemill.registry.domain;

import dev.tidemill.events.Candidate;
import dev.tidemill.events.Release;
import dev.tidemill.events.ReleaseState;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.events.Transition;
import dev.tidemill.schemas.ReleaseId;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The state that a release is in. A state's methods are its only exits:
///
/// ```
/// Proposed -> Evaluated -> OnCanary -> Live -> Retired
///    |  ^        |  |          |        |  ^-----'
///    v  |        |  '----------|------->|
///  Rejected <----'             v        v
///                            RolledBack
/// ```
///
/// Each of them but Quarantined also leads to [Quarantined], when an erasure removes a record that
/// the release contains; nothing leads out of there.
public sealed interface ReleaseStatus {
  /// The record as it stands in the topic.
  Release release();

  /// The state that the record says.
  ///
  /// @throws IllegalStateException when it was written by a version that knows more states
  static ReleaseStatus of(Release release) {
    return switch (release.getState()) {
      case CANDIDATE -> new Proposed(release);
      case EVALUATED -> new Evaluated(release);
      case CANARY -> new OnCanary(release);
      case LIVE -> new Live(release);
      case RETIRED -> new Retired(release);
      case REJECTED -> new Rejected(release);
      case ROLLED_BACK -> new RolledBack(release);
      case QUARANTINED -> new Quarantined(release);
      case UNKNOWN ->
          throw new IllegalStateException(
              "release " + release.getId() + " is in a state that this version does not know");
    };
  }

  /// A release that a candidate proposes to a task.
  static Proposed propose(Candidate candidate, String task, Cause cause) {
    String base = baseOf(candidate);
    @Nullable String adapter = adapterOf(candidate);
    Release release =
        new Release(
            ReleaseId.of(task, base, adapter),
            task,
            base,
            adapter,
            ReleaseState.CANDIDATE,
            cause.reason(),
            candidate,
            List.of(transition(ReleaseState.CANDIDATE, cause)),
            cause.at());
    return new Proposed(release);
  }

  /// The id of the release that a candidate proposes to a task.
  static String idOf(Candidate candidate, String task) {
    return ReleaseId.of(task, baseOf(candidate), adapterOf(candidate));
  }

  /// What a route to this release holds.
  default ReleaseTarget target() {
    return new ReleaseTarget(release().getId(), release().getBase(), release().getAdapter());
  }

  /// Any state but [Quarantined].
  sealed interface Quarantinable extends ReleaseStatus {
    /// An erasure removed a record that the release contains.
    default Quarantined quarantine(Cause cause) {
      return new Quarantined(next(release(), ReleaseState.QUARANTINED, cause));
    }
  }

  /// Published, not yet judged.
  record Proposed(Release release) implements Quarantinable {
    Evaluated pass(Cause cause) {
      return new Evaluated(next(release, ReleaseState.EVALUATED, cause));
    }

    Rejected reject(Cause cause) {
      return new Rejected(next(release, ReleaseState.REJECTED, cause));
    }
  }

  /// Let through by the gate or by an operator; waits for traffic.
  record Evaluated(Release release) implements Quarantinable {
    OnCanary startCanary(Cause cause) {
      return new OnCanary(next(release, ReleaseState.CANARY, cause));
    }

    Live promote(Cause cause) {
      return new Live(next(release, ReleaseState.LIVE, cause));
    }

    Rejected reject(Cause cause) {
      return new Rejected(next(release, ReleaseState.REJECTED, cause));
    }
  }

  /// Takes a share of the traffic and is judged.
  record OnCanary(Release release) implements Quarantinable {
    OnCanary changeWeight(Cause cause) {
      return new OnCanary(next(release, ReleaseState.CANARY, cause));
    }

    Live promote(Cause cause) {
      return new Live(next(release, ReleaseState.LIVE, cause));
    }

    RolledBack rollBack(Cause cause) {
      return new RolledBack(next(release, ReleaseState.ROLLED_BACK, cause));
    }
  }

  /// Answers for its task.
  record Live(Release release) implements Quarantinable {
    Retired retire(Cause cause) {
      return new Retired(next(release, ReleaseState.RETIRED, cause));
    }

    RolledBack rollBack(Cause cause) {
      return new RolledBack(next(release, ReleaseState.ROLLED_BACK, cause));
    }
  }

  /// Was live until a better one came; the place to return to.
  record Retired(Release release) implements Quarantinable {
    Live restore(Cause cause) {
      return new Live(next(release, ReleaseState.LIVE, cause));
    }
  }

  /// Never had traffic: the gate refused it, or a newer release superseded it.
  record Rejected(Release release) implements Quarantinable {
    /// Whether it was the gate; only then an operator may overrule it.
    boolean byGate() {
      return release.getTransitions().getLast().getBy().equals(Cause.GATE);
    }

    Evaluated approve(Cause cause) {
      return new Evaluated(next(release, ReleaseState.EVALUATED, cause));
    }
  }

  /// Had traffic and lost it. The end.
  record RolledBack(Release release) implements Quarantinable {}

  /// Contains a record that an erasure removed. The end: its artifact is deleted in time.
  record Quarantined(Release release) implements ReleaseStatus {}

  private static String baseOf(Candidate candidate) {
    return switch (candidate.getKind()) {
      case BASE -> candidate.getArtifact();
      case ADAPTER -> candidate.getBase();
    };
  }

  private static @Nullable String adapterOf(Candidate candidate) {
    return switch (candidate.getKind()) {
      case BASE -> null;
      case ADAPTER -> candidate.getArtifact();
    };
  }

  private static Release next(Release from, ReleaseState state, Cause cause) {
    List<Transition> transitions = new ArrayList<>(from.getTransitions());
    transitions.add(transition(state, cause));
    return new Release(
        from.getId(),
        from.getTask(),
        from.getBase(),
        from.getAdapter(),
        state,
        cause.reason(),
        from.getCandidate(),
        List.copyOf(transitions),
        cause.at());
  }

  private static Transition transition(ReleaseState state, Cause cause) {
    return new Transition(state, cause.reason(), cause.by(), cause.numbers(), cause.at());
  }
}
