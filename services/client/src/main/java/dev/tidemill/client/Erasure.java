package dev.tidemill.client;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// A subject asks to be forgotten.
///
/// @param id unique; the gateway makes one when null
/// @param subject pseudonymous person to forget
/// @param reason for the audit
/// @param eventTime when it was asked; when it is pushed, if null
public record Erasure(
    @Nullable String id, String subject, @Nullable String reason, @Nullable Instant eventTime)
    implements Push {

  public static Erasure of(String subject, String reason) {
    return new Erasure(null, subject, reason, null);
  }

  public Erasure withId(String newId) {
    return new Erasure(newId, subject, reason, eventTime);
  }

  public Erasure at(Instant newEventTime) {
    return new Erasure(id, subject, reason, newEventTime);
  }
}
