package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.Evidence;
import dev.tidemill.curator.domain.ExampleMaker;
import dev.tidemill.curator.domain.FeedbackJoin;
import dev.tidemill.curator.domain.JoinEffect;
import dev.tidemill.curator.domain.JoinState;
import dev.tidemill.curator.domain.Person;
import dev.tidemill.curator.domain.Raw;
import dev.tidemill.curator.domain.Refusal;
import dev.tidemill.curator.domain.Served;
import dev.tidemill.curator.domain.Slot;
import dev.tidemill.curator.domain.Texts;
import dev.tidemill.curator.domain.Verdict;
import dev.tidemill.events.Completion;
import dev.tidemill.events.Example;
import dev.tidemill.events.Feedback;
import dev.tidemill.schemas.Topics;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/// Reads completions and feedback, which lie in partitions of the same number by completion id, and
/// does what {@link FeedbackJoin} decides. Evidence goes on under its subject.
final class JoinProcessor implements Work<byte[], byte[]> {
  static final String IDS = "feedback-ids";
  static final String JOINS = "joins";
  static final String TIMERS = "join-timers";
  static final String ERASED = "join-erased";
  private static final Duration TICK = Duration.ofMillis(100);

  private final Stage stage;
  private final int partition;
  private final Desk desk;
  private final FeedbackJoin join;
  private final ExampleMaker maker;
  private final Remembered ids;
  private final JoinStore joins;
  private final Erasing erasing;
  private final Entrance<Completion> completions;
  private final Entrance<Feedback> feedback;

  JoinProcessor(Stage stage, ProcessorContext<String, Output> context) {
    this.stage = stage;
    this.partition = context.taskId().partition();
    this.desk = new Desk(context, stage);
    this.join = new FeedbackJoin(stage.config().join());
    this.maker = stage.exampleMaker();
    this.ids = desk.remembered(IDS);
    this.joins =
        new JoinStore(desk.store(JOINS), desk.store(TIMERS), join::nextDue, stage.metrics());
    KeyValueStore<String, JoinState> states = desk.store(JOINS);
    this.erasing =
        new Erasing(
            stage,
            desk,
            ERASED,
            List.of(Sweep.over(states, this::forget)),
            List.of(Erasing.roll(states), Erasing.roll(desk.store(TIMERS))));
    this.completions =
        new Entrance<>(
            desk,
            erasing,
            stage.codecs().completions(),
            Person::of,
            stage.rules()::completion,
            this::completion);
    this.feedback =
        new Entrance<>(
            desk,
            erasing,
            stage.codecs().feedback(),
            Person::of,
            stage.rules()::feedback,
            this::once);
    desk.every(TICK, this::tick);
  }

  @Override
  public void process(Record<byte[], byte[]> incoming) {
    Raw raw = desk.raw(incoming);
    if (desk.tombstone(incoming, raw)) {
      return;
    }
    if (raw.source().getTopic().equals(Topics.COMPLETIONS.name())) {
      completions.take(raw);
    } else {
      feedback.take(raw);
    }
  }

  @Override
  public void close() {
    ids.close();
    joins.close();
    erasing.close();
  }

  // The state may have changed since the passage began: what counts is what it is.
  private void forget(String completionId, JoinState seen) {
    if (seen.holds(erasing.subjects())) {
      JoinState state = joins.get(completionId);
      joins.put(completionId, state, state.without(erasing.subjects()));
    }
  }

  private void completion(Raw raw, Completion completion) {
    Served served = new Served(completion, raw, desk.now());
    JoinState state = joins.get(completion.getId());
    apply(completion.getId(), state, join.completion(state, served));
  }

  private void once(Raw raw, Feedback feedback) {
    if (!this.feedback.first(ids, raw, feedback.getId(), content(feedback), "feedback")) {
      return;
    }
    JoinState state = joins.get(feedback.getCompletionId());
    apply(feedback.getCompletionId(), state, join.feedback(state, feedback, raw, desk.now()));
  }

  private void tick(long now) {
    ids.expire(now);
    long readUntil = Math.min(now, stage.watermark().of(partition));
    for (String id : joins.due(now, readUntil)) {
      JoinState state = joins.get(id);
      apply(id, state, join.due(state, now, readUntil));
    }
  }

  private void apply(String completionId, JoinState before, FeedbackJoin.Decision decision) {
    joins.put(completionId, before, decision.state());
    for (JoinEffect effect : decision.effects()) {
      switch (effect) {
        case JoinEffect.Join(Served served, Slot slot) -> joined(served, slot);
        case JoinEffect.Refuse(Raw raw, Refusal refusal) -> desk.refuse(raw, refusal);
        case JoinEffect.Drop(Raw raw, JoinEffect.Outcome outcome) ->
            desk.count(raw, outcome.name().toLowerCase(Locale.ROOT));
        case JoinEffect.Keep(Raw raw) -> desk.count(raw, "accepted");
      }
    }
  }

  private void joined(Served served, Slot slot) {
    stage.metrics().joined(Duration.ofMillis(Math.max(0, desk.now() - slot.arrivedAt())));
    switch (maker.of(served.completion(), served.raw().source(), slot.feedback(), slot.raw())) {
      case Verdict.Refused<Evidence>(Refusal refusal) -> desk.refuse(slot.raw(), refusal);
      case Verdict.Accepted<Evidence>(Evidence evidence) -> {
        Optional<byte[]> tooLong =
            evidence.examples().stream()
                .map((Example example) -> stage.codecs().examples().encode(example))
                .filter(encoded -> !desk.fits(encoded))
                .findFirst();
        if (tooLong.isPresent()) {
          desk.refuse(slot.raw(), desk.tooLarge("example", tooLong.get()));
        } else {
          desk.forward(evidence.subjectKey(), evidence);
        }
      }
    }
  }

  private static String content(Feedback feedback) {
    return Texts.hash(
        feedback.getCompletionId(),
        Evidence.subjectKey(feedback.getProducer(), feedback.getSubject()),
        feedback.getEvidence().toString());
  }
}
