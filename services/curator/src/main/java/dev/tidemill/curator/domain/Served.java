package dev.tidemill.curator.domain;

import dev.tidemill.events.Arm;
import dev.tidemill.events.Completion;
import java.util.Optional;

/// A completion that waits for feedback.
///
/// @param raw where it lay
/// @param arrivedAt when the curator saw it, in milliseconds
public record Served(Completion completion, Raw raw, long arrivedAt) {

  /// Why no feedback on it may make an example; empty when it may.
  public Optional<Refusal> ineligible() {
    if (completion.getArm() == Arm.SHADOW) {
      return refusal("arm", "SHADOW");
    }
    String finish = completion.getFinishReason();
    if (finish.equals("cancelled") || finish.equals("error")) {
      return refusal("finish_reason", finish);
    }
    return Optional.empty();
  }

  private Optional<Refusal> refusal(String field, String value) {
    return Optional.of(
        new Refusal(
            Reason.INELIGIBLE_COMPLETION,
            "completion_id",
            "completion_id names completion %s, whose %s is %s"
                .formatted(Refusal.show(completion.getId()), field, value)));
  }
}
