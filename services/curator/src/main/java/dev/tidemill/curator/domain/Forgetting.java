package dev.tidemill.curator.domain;

import dev.tidemill.events.Erasure;
import java.time.Duration;
import java.time.Instant;

/// What an erasure asks for.
///
/// @param subject whom to forget
/// @param until what it gave up to then goes, and is refused when it comes later; what it gives
///   afterwards is not meant
public record Forgetting(String subject, Instant until) {
  /// Clocks of producers and brokers may differ by this much.
  private static final Duration SLACK = Duration.ofHours(1);

  /// What this erasure asks for; one from the future means no later than it arrived.
  ///
  /// @param arrived when the record was written to its topic
  public static Verdict<Forgetting> of(Erasure erasure, Instant arrived, Limits limits) {
    String subject = erasure.getSubject();
    if (subject.isBlank() || subject.length() > limits.maxName()) {
      return new Verdict.Refused<>(
          new Refusal(
              Reason.INVALID_NAME,
              "subject",
              "subject must have 1 to %d characters and not be blank, was %s"
                  .formatted(limits.maxName(), Refusal.show(subject))));
    }
    Instant latest = arrived.plus(SLACK);
    Instant asked = erasure.getEventTime();
    return new Verdict.Accepted<>(new Forgetting(subject, asked.isAfter(latest) ? latest : asked));
  }
}
