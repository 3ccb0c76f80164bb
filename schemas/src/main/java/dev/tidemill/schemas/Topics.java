package dev.tidemill.schemas;

import dev.tidemill.events.Activity;
import dev.tidemill.events.AppliedErasure;
import dev.tidemill.events.Candidate;
import dev.tidemill.events.Completion;
import dev.tidemill.events.CuratedDocument;
import dev.tidemill.events.DeadLetter;
import dev.tidemill.events.Decision;
import dev.tidemill.events.Demonstration;
import dev.tidemill.events.Document;
import dev.tidemill.events.Erasure;
import dev.tidemill.events.Example;
import dev.tidemill.events.Feedback;
import dev.tidemill.events.Holdout;
import dev.tidemill.events.IdempotentAnswer;
import dev.tidemill.events.Release;
import dev.tidemill.events.Replica;
import dev.tidemill.events.Route;
import dev.tidemill.events.Trust;

/// The topics of Tidemill, typed. Their properties come from the catalogue file `topics.json`.
public final class Topics {
  public static final Topic<Document> DOCUMENTS = topic("tidemill.documents", Document.class);
  public static final Topic<Demonstration> DEMONSTRATIONS =
      topic("tidemill.demonstrations", Demonstration.class);
  public static final Topic<Feedback> FEEDBACK = topic("tidemill.feedback", Feedback.class);
  public static final Topic<Erasure> ERASURES = topic("tidemill.erasures", Erasure.class);
  public static final Topic<AppliedErasure> APPLIED_ERASURES =
      topic("tidemill.erasures.applied", AppliedErasure.class);
  public static final Topic<IdempotentAnswer> IDEMPOTENCY =
      topic("tidemill.idempotency", IdempotentAnswer.class);
  public static final Topic<Completion> COMPLETIONS =
      topic("tidemill.completions", Completion.class);
  public static final Topic<CuratedDocument> CURATED_DOCUMENTS =
      topic("tidemill.documents.curated", CuratedDocument.class);
  public static final Topic<Example> EXAMPLES = topic("tidemill.examples", Example.class);
  public static final Topic<Holdout> HOLDOUT = topic("tidemill.holdout", Holdout.class);
  public static final Topic<DeadLetter> DEAD_LETTERS =
      topic("tidemill.deadletters", DeadLetter.class);
  public static final Topic<Trust> TRUST = topic("tidemill.trust", Trust.class);
  public static final Topic<Activity> ACTIVITY = topic("tidemill.activity", Activity.class);
  public static final Topic<Candidate> CANDIDATES = topic("tidemill.candidates", Candidate.class);
  public static final Topic<Decision> DECISIONS = topic("tidemill.decisions", Decision.class);
  public static final Topic<Release> RELEASES = topic("tidemill.releases", Release.class);
  public static final Topic<Route> ROUTES = topic("tidemill.routes", Route.class);
  public static final Topic<Replica> REPLICAS = topic("tidemill.replicas", Replica.class);

  private Topics() {}

  private static <T extends org.apache.avro.specific.SpecificRecord> Topic<T> topic(
      String name, Class<T> type) {
    return TopicCatalogue.entry(name, type);
  }
}
