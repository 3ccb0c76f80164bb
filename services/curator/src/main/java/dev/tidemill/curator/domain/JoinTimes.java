package dev.tidemill.curator.domain;

import java.time.Duration;

/// How long completions and feedback wait for each other, by the curator's clock.
///
/// @param retention how long a completion takes feedback, and longer while the curator has not read
///   all that came meanwhile; 7 days unless told
/// @param settle how long feedback waits for its revision or retraction before it makes an example;
///   1 s unless told
/// @param orphanRetention how long feedback waits for its completion, and longer while the curator
///   has not read all that came meanwhile; 1 hour unless told
/// @param maxFeedback most feedback kept for one completion; 250 unless told
public record JoinTimes(
    Duration retention, Duration settle, Duration orphanRetention, int maxFeedback) {
  public static final JoinTimes DEFAULT =
      new JoinTimes(Duration.ofDays(7), Duration.ofSeconds(1), Duration.ofHours(1), 0);

  public JoinTimes {
    retention = retention == null ? Duration.ofDays(7) : retention;
    settle = settle == null ? Duration.ofSeconds(1) : settle;
    orphanRetention = orphanRetention == null ? Duration.ofHours(1) : orphanRetention;
    maxFeedback = maxFeedback == 0 ? 250 : maxFeedback;
    if (settle.isNegative()) {
      throw new IllegalArgumentException("settle must not be negative, was " + settle);
    }
    if (retention.compareTo(settle) <= 0) {
      throw new IllegalArgumentException("retention must be longer than settle, was " + retention);
    }
    if (orphanRetention.compareTo(settle) <= 0) {
      throw new IllegalArgumentException(
          "orphan_retention must be longer than settle, was " + orphanRetention);
    }
    if (maxFeedback < 1) {
      throw new IllegalArgumentException("max_feedback must be positive, was " + maxFeedback);
    }
  }
}
