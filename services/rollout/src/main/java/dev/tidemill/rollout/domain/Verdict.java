package dev.tidemill.rollout.domain;

import dev.tidemill.events.Action;
import dev.tidemill.events.Decision;
import dev.tidemill.schemas.Sha256;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A move of traffic that was decided on.
///
/// @param reason one sentence
/// @param numbers what it rests on
public record Verdict(
    String task,
    String release,
    Action action,
    double weight,
    String reason,
    Map<String, Double> numbers) {

  /// The same release, action and weight always give the same id.
  public String id() {
    return hex(release + "\n" + action + "\n" + weight);
  }

  /// The record for the topic. The salt of a canary's split comes from the release: other releases
  /// are tried on other users.
  public Decision decision(Instant at) {
    @Nullable String salt =
        action == Action.START_CANARY ? hex("salt\n" + release).substring(0, 16) : null;
    return new Decision(id(), task, release, action, weight, salt, reason, numbers, at);
  }

  private static String hex(String text) {
    return Sha256.hex(text.getBytes(StandardCharsets.UTF_8));
  }
}
