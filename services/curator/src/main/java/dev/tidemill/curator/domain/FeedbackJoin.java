package dev.tidemill.curator.domain;

import dev.tidemill.curator.domain.JoinEffect.Drop;
import dev.tidemill.curator.domain.JoinEffect.Join;
import dev.tidemill.curator.domain.JoinEffect.Keep;
import dev.tidemill.curator.domain.JoinEffect.Outcome;
import dev.tidemill.curator.domain.JoinEffect.Refuse;
import dev.tidemill.events.Feedback;
import dev.tidemill.events.Retraction;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Joins feedback with its completion, in whatever order they come. Each method takes the state of
/// one completion id and says what follows; nothing here remembers, writes or looks at a clock.
///
/// A feedback waits at least [JoinTimes#settle()], and until its completion is there, and then
/// makes its examples. Until then a later one of the same subject and kind takes its place, and a
/// retraction removes it.
public final class FeedbackJoin {

  /// The state that follows, and what to do.
  public record Decision(JoinState state, List<JoinEffect> effects) {}

  /// When a state needs looking at, in milliseconds; both are [#NEVER] when it is empty.
  ///
  /// @param byClock when it is that late
  /// @param byReading when it is that late and all that had come by then has been read
  public record Due(long byClock, long byReading) {
    public static final long NEVER = Long.MAX_VALUE;

    /// Whether there is nothing to wait for.
    public boolean never() {
      return byClock == NEVER && byReading == NEVER;
    }
  }

  /// Most bytes of feedback kept for one completion.
  private static final long MOST_BYTES = 2 * 1024 * 1024;

  private final JoinTimes times;

  public FeedbackJoin(JoinTimes times) {
    this.times = times;
  }

  /// A completion has come.
  public Decision completion(JoinState state, Served arrived) {
    @Nullable Served known = state.served();
    if (known != null) {
      return new Decision(state, List.of(again(known, arrived)));
    }
    List<JoinEffect> effects = new ArrayList<>();
    effects.add(new Keep(arrived.raw()));
    Optional<Refusal> ineligible = arrived.ineligible();
    if (ineligible.isEmpty()) {
      return new Decision(new JoinState(arrived, state.slots()), effects);
    }
    for (Slot slot : state.slots()) {
      if (slot.waiting()) {
        effects.add(new Refuse(slot.raw(), ineligible.get()));
      }
    }
    return new Decision(new JoinState(arrived, List.of()), effects);
  }

  /// A feedback has come.
  public Decision feedback(JoinState state, Feedback feedback, Raw raw, long now) {
    Slot arrived =
        new Slot(feedback, raw, now, now + times.settle().toMillis(), Slot.Status.WAITING);
    @Nullable Served served = state.served();
    if (served != null) {
      Optional<Refusal> ineligible = served.ineligible();
      if (ineligible.isPresent()) {
        return new Decision(state, List.of(new Refuse(raw, ineligible.get())));
      }
    }
    Decision decision =
        feedback.getEvidence() instanceof Retraction retraction
            ? retraction(state, arrived, retraction.getFeedbackId())
            : statement(state, arrived);
    // A state is one record of its changelog: it must not outgrow what a record may hold.
    long bytes = bytes(decision.state());
    return bytes > MOST_BYTES && bytes > bytes(state)
        ? new Decision(state, List.of(new Refuse(raw, full(arrived))))
        : decision;
  }

  /// It is `now`: what has settled is joined, what waited too long is given up.
  ///
  /// @param readUntil all that had come by then has been read; not after `now`. What something
  ///   still waits for may lie among what has not been read, however long ago it came
  public Decision due(JoinState state, long now, long readUntil) {
    @Nullable Served served = state.served();
    boolean expired = served != null && expiresAt(served) <= readUntil;
    List<JoinEffect> effects = new ArrayList<>();
    List<Slot> slots = new ArrayList<>();
    for (Slot slot : state.slots()) {
      if (served != null && slot.waiting() && !slot.isRetraction() && slot.dueAt() <= now) {
        effects.add(new Join(served, slot));
        slots.add(slot.done());
      } else if ((served == null || slot.isRetraction()) && orphanedAt(slot) <= readUntil) {
        if (slot.waiting()) {
          effects.add(new Refuse(slot.raw(), orphaned(slot, served)));
        }
      } else if (expired && slot.waiting()) {
        effects.add(new Refuse(slot.raw(), orphaned(slot, served)));
      } else {
        slots.add(slot);
      }
    }
    return new Decision(expired ? JoinState.EMPTY : new JoinState(served, slots), effects);
  }

  /// When [#due] has something to do next.
  public Due nextDue(JoinState state) {
    @Nullable Served served = state.served();
    long byClock = Due.NEVER;
    long byReading = served == null ? Due.NEVER : expiresAt(served);
    for (Slot slot : state.slots()) {
      if (served == null || slot.isRetraction()) {
        byReading = Math.min(byReading, orphanedAt(slot));
      } else if (slot.waiting()) {
        byClock = Math.min(byClock, slot.dueAt());
      }
    }
    return new Due(byClock, byReading);
  }

  private Decision retraction(JoinState state, Slot retraction, String target) {
    List<Slot> slots = new ArrayList<>(state.slots());
    for (int i = 0; i < slots.size(); i++) {
      Slot slot = slots.get(i);
      if (!slot.feedback().getId().equals(target) || slot.isRetraction()) {
        continue;
      }
      if (!slot.sameAuthorAs(retraction)) {
        return new Decision(state, List.of(new Refuse(retraction.raw(), foreign(target))));
      }
      slots.set(i, slot.retracted());
      List<JoinEffect> effects = new ArrayList<>();
      switch (slot.status()) {
        case WAITING -> effects.add(new Drop(slot.raw(), Outcome.RETRACTED));
        case DONE -> effects.add(new Drop(slot.raw(), Outcome.RETRACTED_LATE));
        case RETRACTED -> {}
      }
      effects.add(new Drop(retraction.raw(), Outcome.APPLIED));
      return new Decision(new JoinState(state.served(), slots), effects);
    }
    return add(state, retraction);
  }

  private Decision statement(JoinState state, Slot arrived) {
    List<Slot> slots = new ArrayList<>(state.slots());
    List<JoinEffect> effects = new ArrayList<>();
    Slot taken = arrived;
    for (Slot slot : state.slots()) {
      if (slot.retracts(arrived.feedback().getId())) {
        slots.remove(slot);
        if (slot.sameAuthorAs(arrived)) {
          taken = arrived.retracted();
          effects.add(new Drop(arrived.raw(), Outcome.RETRACTED));
          effects.add(new Drop(slot.raw(), Outcome.APPLIED));
        } else {
          effects.add(new Refuse(slot.raw(), foreign(arrived.feedback().getId())));
        }
      }
    }
    for (int i = 0; i < slots.size(); i++) {
      Slot slot = slots.get(i);
      if (slot.samePlaceAs(arrived)) {
        slots.set(i, revised(slot, taken, effects));
        return new Decision(new JoinState(state.served(), slots), effects);
      }
    }
    Decision added = add(new JoinState(state.served(), slots), taken);
    if (taken.waiting()) {
      effects.addAll(added.effects());
    }
    return new Decision(added.state(), effects);
  }

  private static Slot revised(Slot old, Slot arrived, List<JoinEffect> effects) {
    // Of two with the same time the one that came later stands.
    if (arrived.feedback().getEventTime().isBefore(old.feedback().getEventTime())) {
      if (arrived.waiting()) {
        effects.add(new Drop(arrived.raw(), Outcome.SUPERSEDED));
      }
      return old;
    }
    if (!arrived.waiting()) {
      if (old.waiting()) {
        effects.add(new Drop(old.raw(), Outcome.SUPERSEDED));
      }
      return arrived;
    }
    return switch (old.status()) {
      case WAITING -> {
        effects.add(new Drop(old.raw(), Outcome.SUPERSEDED));
        effects.add(new Keep(arrived.raw()));
        yield arrived.dueAt(old.dueAt());
      }
      case DONE -> {
        if (old.feedback().getEvidence().equals(arrived.feedback().getEvidence())) {
          effects.add(new Drop(arrived.raw(), Outcome.UNCHANGED));
          yield arrived.done();
        }
        effects.add(new Keep(arrived.raw()));
        yield arrived;
      }
      case RETRACTED -> {
        effects.add(new Keep(arrived.raw()));
        yield arrived;
      }
    };
  }

  private Decision add(JoinState state, Slot slot) {
    if (state.slots().size() >= times.maxFeedback()) {
      return new Decision(state, List.of(new Refuse(slot.raw(), full(slot))));
    }
    List<Slot> slots = new ArrayList<>(state.slots());
    slots.add(slot);
    return new Decision(new JoinState(state.served(), slots), List.of(new Keep(slot.raw())));
  }

  private static long bytes(JoinState state) {
    return state.slots().stream().mapToLong(Slot::bytes).sum();
  }

  private Refusal full(Slot slot) {
    return new Refusal(
        Reason.COMPLETION_CAP,
        "completion_id",
        "completion_id %s has as much feedback as is kept: %d pieces or %d bytes"
            .formatted(
                Refusal.show(slot.feedback().getCompletionId()), times.maxFeedback(), MOST_BYTES));
  }

  private static JoinEffect again(Served known, Served arrived) {
    if (known.completion().equals(arrived.completion())) {
      return new Drop(arrived.raw(), Outcome.REPEATED);
    }
    return new Refuse(
        arrived.raw(),
        new Refusal(
            Reason.CONFLICTING_ID,
            "id",
            "id %s names another completion already"
                .formatted(Refusal.show(arrived.completion().getId()))));
  }

  private long expiresAt(Served served) {
    return served.arrivedAt() + times.retention().toMillis();
  }

  private long orphanedAt(Slot slot) {
    return slot.arrivedAt() + times.orphanRetention().toMillis();
  }

  private Refusal orphaned(Slot slot, @Nullable Served served) {
    Feedback feedback = slot.feedback();
    if (served != null && feedback.getEvidence() instanceof Retraction retraction) {
      return new Refusal(
          Reason.ORPHANED_FEEDBACK,
          "evidence.feedback_id",
          "evidence.feedback_id %s names no feedback that could be taken back within %s"
              .formatted(Refusal.show(retraction.getFeedbackId()), times.orphanRetention()));
    }
    return new Refusal(
        Reason.ORPHANED_FEEDBACK,
        "completion_id",
        "completion_id %s names no completion that came within %s"
            .formatted(Refusal.show(feedback.getCompletionId()), times.orphanRetention()));
  }

  private static Refusal foreign(String target) {
    return new Refusal(
        Reason.FOREIGN_RETRACTION,
        "evidence.feedback_id",
        "evidence.feedback_id %s names feedback of another subject"
            .formatted(Refusal.show(target)));
  }
}
