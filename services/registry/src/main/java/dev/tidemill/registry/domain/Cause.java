package dev.tidemill.registry.domain;

import dev.tidemill.events.Decision;
import dev.tidemill.platform.provenance.Applied;
import java.time.Instant;
import java.util.Map;

/// Why a release makes a transition.
///
/// @param reason one sentence
/// @param by who, with a name behind a colon
/// @param numbers what it rests on
/// @param at when the registry decided it
public record Cause(String reason, String by, Map<String, Double> numbers, Instant at) {
  private static final String ROLLOUT = "rollout:";
  static final String GATE = "gate";

  static Cause of(Decision decision, Instant at) {
    return new Cause(decision.getReason(), ROLLOUT + decision.getId(), decision.getNumbers(), at);
  }

  /// An erasure is named, its subject never.
  static Cause of(Applied erasure, Instant at) {
    return new Cause(
        "contains records that erasure " + erasure.id() + " removed",
        "erasure:" + erasure.id(),
        Map.of(),
        at);
  }

  static Cause ofOperator(String operator, String reason, Instant at) {
    return new Cause(reason, "operator:" + operator, Map.of(), at);
  }

  /// The same moment and author with another reason, for a release that is moved by the way.
  Cause because(String otherReason) {
    return new Cause(otherReason, by, Map.of(), at);
  }

  /// Whether a transition's author is this decision.
  static boolean isDecision(String by, String decisionId) {
    return by.equals(ROLLOUT + decisionId);
  }
}
