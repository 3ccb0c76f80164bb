package dev.tidemill.curator.domain;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// All that is known of one completion id: the completion, if it has come, and the feedback on it.
/// [FeedbackJoin] says how it changes.
public record JoinState(@Nullable Served served, List<Slot> slots) {
  public static final JoinState EMPTY = new JoinState(null, List.of());

  public JoinState {
    slots = List.copyOf(slots);
  }

  /// What is left when what erased subjects gave is taken away. Feedback of others on an erased
  /// completion stays, and finds none.
  public JoinState without(ErasedSubjects erased) {
    @Nullable Served kept = served;
    if (kept != null && erased.cover(Person.of(kept.completion()))) {
      kept = null;
    }
    return new JoinState(
        kept, slots.stream().filter(slot -> !erased.cover(Person.of(slot.feedback()))).toList());
  }

  /// Whether [#without] takes something away.
  public boolean holds(ErasedSubjects erased) {
    return (served != null && erased.cover(Person.of(served.completion())))
        || slots.stream().anyMatch(slot -> erased.cover(Person.of(slot.feedback())));
  }

  /// Whether nothing is left to remember.
  public boolean empty() {
    return served == null && slots.isEmpty();
  }

  /// How much feedback waits for the completion.
  public int parked() {
    return served == null ? (int) slots.stream().filter(Slot::waiting).count() : 0;
  }
}
