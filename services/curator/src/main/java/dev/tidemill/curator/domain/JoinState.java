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

  /// Whether nothing is left to remember.
  public boolean empty() {
    return served == null && slots.isEmpty();
  }

  /// How much feedback waits for the completion.
  public int parked() {
    return served == null ? (int) slots.stream().filter(Slot::waiting).count() : 0;
  }
}
