package dev.tidemill.curator.domain;

import dev.tidemill.events.Correction;
import dev.tidemill.events.Feedback;
import dev.tidemill.events.Preference;
import dev.tidemill.events.Retraction;
import java.nio.ByteBuffer;

/// The place of one subject's feedback of one kind on one completion. The latest holds it.
///
/// @param feedback that holds the place
/// @param raw where it lay
/// @param arrivedAt when the curator saw it, in milliseconds
/// @param dueAt when it may make an example, in milliseconds; a revision keeps the first's
/// @param status what became of it
public record Slot(Feedback feedback, Raw raw, long arrivedAt, long dueAt, Status status) {

  /// What became of a feedback.
  public enum Status {
    /// It waits for its completion or to settle.
    WAITING,
    /// It made its examples, or was refused.
    DONE,
    /// It was taken back.
    RETRACTED
  }

  Slot done() {
    return new Slot(feedback, raw, arrivedAt, dueAt, Status.DONE);
  }

  Slot retracted() {
    return new Slot(feedback, raw, arrivedAt, dueAt, Status.RETRACTED);
  }

  Slot dueAt(long millis) {
    return new Slot(feedback, raw, arrivedAt, millis, status);
  }

  boolean waiting() {
    return status == Status.WAITING;
  }

  boolean isRetraction() {
    return feedback.getEvidence() instanceof Retraction;
  }

  /// Whether this is a retraction of the feedback of that id.
  boolean retracts(String feedbackId) {
    return feedback.getEvidence() instanceof Retraction r && r.getFeedbackId().equals(feedbackId);
  }

  /// About how long this is when it is stored.
  long bytes() {
    ByteBuffer payload = raw.payload();
    int text =
        switch (feedback.getEvidence()) {
          case Correction correction -> correction.getText().length();
          case Preference preference -> preference.getOtherText().length();
          case Object shorter -> 0;
        };
    return 500 + 3L * text + (payload == null ? 0 : payload.remaining());
  }

  boolean samePlaceAs(Slot other) {
    return !isRetraction()
        && EvidenceKind.of(feedback) == EvidenceKind.of(other.feedback)
        && sameAuthorAs(other);
  }

  boolean sameAuthorAs(Slot other) {
    return author().equals(other.author());
  }

  private String author() {
    return Evidence.subjectKey(feedback.getProducer(), feedback.getSubject());
  }
}
