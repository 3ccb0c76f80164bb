package dev.tidemill.ingest.domain;

import dev.tidemill.events.Demonstration;
import dev.tidemill.events.Document;
import dev.tidemill.events.Erasure;
import dev.tidemill.events.Feedback;
import java.time.Instant;

/// A record for a raw topic.
public sealed interface RawRecord {

  /// Unique id; a repeated id is a repeated record.
  String id();

  /// Key in the topic.
  String key();

  Instant eventTime();

  /// New corpus text, keyed by what it is about.
  record OfDocument(Document value) implements RawRecord {
    @Override
    public String id() {
      return value.getId();
    }

    @Override
    public String key() {
      return value.getKey();
    }

    @Override
    public Instant eventTime() {
      return value.getEventTime();
    }
  }

  /// An instruction with its answer, keyed by its id.
  record OfDemonstration(Demonstration value) implements RawRecord {
    @Override
    public String id() {
      return value.getId();
    }

    @Override
    public String key() {
      return value.getId();
    }

    @Override
    public Instant eventTime() {
      return value.getEventTime();
    }
  }

  /// Evidence on a completion, keyed by the completion so that the two can be joined.
  record OfFeedback(Feedback value) implements RawRecord {
    @Override
    public String id() {
      return value.getId();
    }

    @Override
    public String key() {
      return value.getCompletionId();
    }

    @Override
    public Instant eventTime() {
      return value.getEventTime();
    }
  }

  /// A wish to be forgotten, keyed by the subject.
  record OfErasure(Erasure value) implements RawRecord {
    @Override
    public String id() {
      return value.getId();
    }

    @Override
    public String key() {
      return value.getSubject();
    }

    @Override
    public Instant eventTime() {
      return value.getEventTime();
    }
  }
}
