package dev.tidemill.rollout.io;

import dev.tidemill.events.Completion;
import dev.tidemill.events.Decision;
import dev.tidemill.events.Feedback;
import dev.tidemill.events.Release;
import dev.tidemill.events.Replica;
import dev.tidemill.events.Route;
import dev.tidemill.platform.faults.Fault;
import dev.tidemill.platform.faults.KafkaFaults;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicWriter;
import dev.tidemill.rollout.RolloutConfig;
import dev.tidemill.rollout.domain.RolloutPolicy;
import dev.tidemill.rollout.domain.Trial;
import dev.tidemill.rollout.domain.TrialNumbers;
import dev.tidemill.rollout.domain.Verdict;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.MalformedRecordException;
import dev.tidemill.schemas.Topics;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The one thread that reads evidence, decides and publishes. Each round takes what came, brings
/// the trials in line with the routes, asks the policy about each task, and publishes its verdicts
/// with the consumer's positions in one transaction. After any failure everything in memory is
/// thrown away and read again.
public final class RolloutLoop {
  /// The transactional id and the consumer group: a new instance fences the one before.
  static final String ID = "tidemill-rollout";

  private static final Logger log = LoggerFactory.getLogger(RolloutLoop.class);
  private static final Duration POLL = Duration.ofMillis(100);

  private final KafkaClients kafka;
  private final InstantSource clock;
  private final RolloutConfig config;
  private final RolloutMetrics metrics;
  private final RolloutPolicy policy;
  private final AvroCodec<Release> releases;
  private final AvroCodec<Route> routes;
  private final AvroCodec<Replica> replicas;
  private final AvroCodec<Completion> completions;
  private final AvroCodec<Feedback> feedback;
  private volatile @Nullable Session session;

  /// What lives from an opening to the next failure.
  private record Session(
      Producer<String, byte[]> producer,
      TopicWriter<Decision> decisions,
      InputReader inputs,
      Memory memory) {}

  public RolloutLoop(
      KafkaClients kafka, InstantSource clock, RolloutConfig config, RolloutMetrics metrics) {
    this.kafka = kafka;
    this.clock = clock;
    this.config = config;
    this.metrics = metrics;
    this.policy = new RolloutPolicy(config);
    this.releases = kafka.codec(Topics.RELEASES);
    this.routes = kafka.codec(Topics.ROUTES);
    this.replicas = kafka.codec(Topics.REPLICAS);
    this.completions = kafka.codec(Topics.COMPLETIONS);
    this.feedback = kafka.codec(Topics.FEEDBACK);
  }

  /// Whether what was recorded before the start has been read.
  public boolean ready() {
    @Nullable Session current = session;
    return current != null && current.inputs().caughtUp();
  }

  /// One round. To be called by one thread only.
  public void step() {
    try {
      @Nullable Session current = session;
      if (current == null) {
        current = open();
        session = current;
      }
      round(current);
    } catch (WakeupException e) {
      // It may have cut a transaction short.
      close();
      throw e;
    } catch (KafkaException | Fault e) {
      close();
      throw KafkaFaults.classify(e);
    }
  }

  /// Makes the round under way come back.
  public void wakeup() {
    @Nullable Session current = session;
    if (current != null) {
      current.inputs().wakeup();
    }
  }

  /// Lets go of the Kafka clients; to be called by the loop's thread.
  public void close() {
    @Nullable Session current = session;
    session = null;
    if (current != null) {
      current.inputs().close();
      current.producer().close(Duration.ofSeconds(5));
    }
  }

  private Session open() {
    Producer<String, byte[]> producer = kafka.transactionalProducer(ID);
    try {
      producer.initTransactions();
      return new Session(
          producer,
          kafka.writer(producer, Topics.DECISIONS),
          new InputReader(kafka.consumer("inputs", ID)),
          new Memory(config));
    } catch (RuntimeException e) {
      producer.close(Duration.ZERO);
      throw e;
    }
  }

  private void round(Session current) {
    Memory memory = current.memory();
    for (ConsumerRecord<String, byte[]> record : current.inputs().poll(POLL)) {
      take(memory, record);
    }
    if (!current.inputs().caughtUp()) {
      return;
    }
    Optional<Instant> from = memory.refreshTrials();
    if (from.isPresent()) {
      // What came before the canary was known to be one counts too: read it again.
      current.inputs().rewindEvidence(from.get());
      return;
    }
    Instant now = clock.instant();
    if (current.inputs().evidenceCaughtUp()) {
      decide(current, now);
    }
    show(memory, now);
  }

  private void decide(Session current, Instant now) {
    List<Verdict> verdicts = new ArrayList<>();
    for (String task : current.memory().desired().tasks()) {
      if (!current.memory().waits(task, now)) {
        verdicts.addAll(policy.decide(current.memory().view(task), now));
      }
    }
    boolean positionsDue = current.inputs().positionsDue(now);
    if (verdicts.isEmpty() && !positionsDue) {
      return;
    }
    current.producer().beginTransaction();
    for (Verdict verdict : verdicts) {
      // A failed send makes the commit below fail, so the future needs no look.
      var _ = current.decisions().send(verdict.task(), verdict.decision(now));
    }
    current.inputs().sendPositions(current.producer(), now);
    current.producer().commitTransaction();
    for (Verdict verdict : verdicts) {
      current.memory().published(verdict, now);
      metrics.decided(verdict.action());
      log.info(
          "{} {}: {} {}", verdict.action(), verdict.release(), verdict.reason(), verdict.numbers());
    }
  }

  private void show(Memory memory, Instant now) {
    for (String task : memory.desired().tasks()) {
      @Nullable Trial trial = memory.evidence().trial(task);
      metrics.show(
          task,
          trial == null
              ? java.util.Map.of()
              : TrialNumbers.of(trial, memory.weight(task), config, now));
    }
    metrics.parked(memory.evidence().parked(), memory.evidence().dropped());
  }

  private void take(Memory memory, ConsumerRecord<String, byte[]> record) {
    byte @Nullable [] bytes = record.value();
    String topic = record.topic();
    if (bytes == null) {
      if (topic.equals(Topics.REPLICAS.name())) {
        memory.desired().removeReplica(record.key());
      }
      return;
    }
    try {
      if (topic.equals(Topics.RELEASES.name())) {
        memory.desired().put(releases.decode(bytes));
      } else if (topic.equals(Topics.ROUTES.name())) {
        memory.desired().put(routes.decode(bytes));
      } else if (topic.equals(Topics.REPLICAS.name())) {
        memory.desired().put(replicas.decode(bytes));
      } else if (topic.equals(Topics.COMPLETIONS.name())) {
        memory.evidence().take(Facts.of(completions.decode(bytes)));
      } else {
        Facts.of(feedback.decode(bytes))
            .ifPresentOrElse(memory.evidence()::take, () -> metrics.countIgnored("not_a_rating"));
      }
    } catch (MalformedRecordException | IllegalArgumentException e) {
      metrics.countIgnored("malformed");
      log.warn(
          "{}-{} offset {} is ignored: {}",
          topic,
          record.partition(),
          record.offset(),
          e.getMessage());
    }
  }
}
