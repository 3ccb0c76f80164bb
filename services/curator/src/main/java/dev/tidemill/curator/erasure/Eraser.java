package dev.tidemill.curator.erasure;

import dev.tidemill.curator.CuratorConfig;
import dev.tidemill.curator.domain.Forgetting;
import dev.tidemill.curator.domain.Refusal;
import dev.tidemill.curator.domain.Verdict;
import dev.tidemill.events.AppliedErasure;
import dev.tidemill.events.Erasure;
import dev.tidemill.platform.ServiceContext;
import dev.tidemill.platform.faults.Fault;
import dev.tidemill.platform.faults.KafkaFaults;
import dev.tidemill.platform.faults.RetriableFault;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.WholeTopics;
import dev.tidemill.platform.lifecycle.ServiceLoop;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.MalformedRecordException;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Carries out erasures: waits until every task of the curator has forgotten the subjects, then
/// finds their records in the topics, writes tombstones for them, and says in `.erasures.applied`
/// what it did.
///
/// The order is what makes it complete. A task acknowledges an erasure in the transaction in which
/// it wrote its last record of the subject, or a later one; so once all have, no record of the
/// subject can come from the curator any more, and the passage through the topics, up to the ends
/// that the logs have then, meets all that came. What producers send late is taken away by the
/// curator itself as it refuses it.
///
/// Tombstones, the statement and the offsets are one transaction: after a kill it is all done or
/// done again, and doing it again changes nothing.
public final class Eraser implements AutoCloseable {
  /// Its consumer group; its transactional ids begin with it.
  public static final String GROUP = "tidemill-erasure";

  private static final Logger log = LoggerFactory.getLogger(Eraser.class);
  private static final int MOST_IN_A_BATCH = 500;

  private final ServiceContext context;
  private final KafkaClients kafka;
  private final CuratorConfig config;
  private final String applicationId;
  private final EraserMetrics metrics;
  private final Readings readings;
  private final AvroCodec<Erasure> codec;
  private final CompactionWatch compaction;
  private volatile @Nullable Inputs inputs;
  private @Nullable Removal removal;
  private @Nullable Applied applied;
  private @Nullable ServiceLoop loop;

  /// @param applicationId of the Kafka Streams application whose tasks must forget first
  public Eraser(ServiceContext context, CuratorConfig config, String applicationId) {
    this.context = context;
    this.kafka = context.kafka();
    this.config = config;
    this.applicationId = applicationId;
    this.metrics = new EraserMetrics(context.metrics(), context.clock());
    this.readings = new Readings(kafka);
    this.codec = kafka.codec(Topics.ERASURES);
    this.compaction = new CompactionWatch();
  }

  /// Begins.
  public synchronized Eraser start() {
    loop =
        ServiceLoop.named("curator-eraser", context.health())
            .wakeup(this::wakeup)
            .atEnd(this::letGo)
            .start(this::step);
    return this;
  }

  @Override
  public synchronized void close() {
    @Nullable ServiceLoop running = loop;
    if (running != null) {
      running.close();
    }
    metrics.close();
  }

  private void step() {
    try {
      Inputs from = inputs();
      ConsumerRecords<String, byte[]> polled = from.poll();
      if (from.moved()) {
        takeOver(from.partitions());
      }
      Batch batch = read(from, polled);
      if (batch.next().isEmpty()) {
        roll(from);
      } else {
        metrics.waiting(batch.entries().size(), batch.oldest().orElse(null));
        apply(from, batch);
        metrics.waiting(0, null);
      }
    } catch (WakeupException e) {
      letGo();
      throw e;
    } catch (ProducerFencedException | InvalidProducerEpochException e) {
      letGo();
      throw new RetriableFault("another eraser has taken over these partitions", e);
    } catch (KafkaException | Fault e) {
      // What was read and not applied is read again.
      letGo();
      throw KafkaFaults.classify(e);
    }
  }

  // Ends what the former owners of the partitions had open: a transaction that was left by a kill
  // would hide its offsets and all that others commit behind it, until the broker loses patience.
  private void takeOver(SortedSet<Integer> partitions) {
    closeRemoval();
    // Whoever has the partitions reads again what waited here.
    metrics.waiting(0, null);
    // Others may have applied what is asked for again.
    applied = null;
    for (int partition : partitions.reversed()) {
      closeRemoval();
      removal = new Removal(kafka, GROUP + "-" + partition);
    }
  }

  private Batch read(Inputs from, Iterable<ConsumerRecord<String, byte[]>> records) {
    Batch batch = new Batch();
    Set<Integer> full = new HashSet<>();
    for (ConsumerRecord<String, byte[]> record : records) {
      if (batch.entries().size() < MOST_IN_A_BATCH) {
        read(batch, record);
      } else if (full.add(record.partition())) {
        from.backTo(record);
      }
    }
    return batch;
  }

  private void read(Batch batch, ConsumerRecord<String, byte[]> record) {
    byte @Nullable [] value = record.value();
    String why = "it has no value";
    if (value != null) {
      try {
        Erasure erasure = codec.decode(value);
        switch (Forgetting.of(erasure, Instant.ofEpochMilli(record.timestamp()), config.limits())) {
          case Verdict.Accepted<Forgetting>(Forgetting forgetting) -> {
            batch.add(record, erasure, forgetting);
            return;
          }
          case Verdict.Refused<Forgetting>(Refusal refusal) -> why = refusal.detail();
        }
      } catch (MalformedRecordException e) {
        why = String.valueOf(e.getMessage());
      }
    }
    log.warn(
        "erasure {}-{}@{} is refused: {}",
        record.topic(),
        record.partition(),
        record.offset(),
        why);
    metrics.erasure("refused");
    batch.pass(record);
  }

  private void apply(Inputs from, Batch batch) {
    Removal to = removal(from);
    if (batch.entries().isEmpty()) {
      to.pass(batch.next(), from.group());
      return;
    }
    try (Admin admin = kafka.admin()) {
      compaction.check(admin);
      awaitForgotten(from, batch);
      Findings findings = find(admin, from, batch);
      List<AppliedErasure> statements =
          applied().statements(batch, findings, context.clock().instant());
      to.write(findings, statements, batch.next(), from.group());
      applied().add(statements);
      tell(batch, findings, statements);
    } catch (Inputs.MovedException | CommitFailedException e) {
      // To leave the group now would take the others' batches from them in turn.
      log.info("a batch of erasures is not applied: {}", e.getMessage());
      closeRemoval();
      from.backTo(batch);
    }
  }

  private void awaitForgotten(Inputs from, Batch batch) {
    try (Consumer<String, byte[]> reader = kafka.reader("erasure-acknowledgements")) {
      Acknowledgements acknowledgements = new Acknowledgements(reader, applicationId);
      while (!acknowledgements.missing(batch.last()).isEmpty()) {
        goOn(from);
      }
    }
  }

  private Findings find(Admin admin, Inputs from, Batch batch) {
    Findings findings = new Findings(readings, batch.subjects());
    try (Consumer<String, byte[]> reader = kafka.reader("erasure-passage")) {
      new WholeTopics(reader, ErasureAudit.PATIENCE)
          .visitLogs(
              admin,
              Readings.topics().stream().map(Topic::name).toList(),
              new WholeTopics.Visitor() {
                @Override
                public void visit(ConsumerRecord<String, byte[]> record) {
                  findings.offer(record);
                }

                @Override
                public void pause() {
                  goOn(from);
                }
              });
    }
    if (findings.unreachable() > 0) {
      log.warn(
          "{} records of erased subjects have no key: they go with their topic's retention",
          findings.unreachable());
    }
    return findings;
  }

  private void tell(Batch batch, Findings findings, List<AppliedErasure> statements) {
    findings.counts().forEach(metrics::removed);
    Set<String> stated = new HashSet<>();
    statements.forEach(statement -> stated.add(statement.getId()));
    for (Batch.Entry entry : batch.entries()) {
      boolean first = stated.contains(entry.erasure().getId());
      metrics.erasure(first ? "applied" : "repeated");
      metrics.applied(Duration.between(entry.arrived(), context.clock().instant()));
      if (first) {
        log.info(
            "erasure {} is applied: {} records removed",
            entry.erasure().getId(),
            findings.counts(entry.forgetting().subject()).values().stream()
                .mapToLong(n -> n)
                .sum());
      }
    }
  }

  // The open segment of a partition is never compacted: a record after the segment's time closes
  // the one that holds the tombstones, should nothing else come until then.
  private void roll(Inputs from) {
    if (from.partitions().contains(0)
        && applied().rollDue(context.clock().instant(), config.erasure().rollAfter())) {
      removal(from).roll();
      applied().rolled(context.clock().instant());
    }
  }

  // Keeps the place in the group and the pulse while a batch is under way.
  private void goOn(Inputs from) {
    @Nullable ServiceLoop running = loop;
    if (running != null) {
      if (running.closing()) {
        throw new WakeupException();
      }
      running.heartbeat().beat();
    }
    from.keep();
  }

  private Inputs inputs() {
    @Nullable Inputs open = inputs;
    if (open == null) {
      open = new Inputs(kafka);
      inputs = open;
    }
    return open;
  }

  // Erasers of several processes share the partitions, and each goes by its first.
  private Removal removal(Inputs from) {
    @Nullable Removal open = removal;
    if (open == null) {
      open = new Removal(kafka, GROUP + "-" + from.partitions().first());
      removal = open;
    }
    return open;
  }

  private Applied applied() {
    @Nullable Applied known = applied;
    if (known == null) {
      known = Applied.read(kafka);
      applied = known;
    }
    return known;
  }

  private void wakeup() {
    @Nullable Inputs open = inputs;
    if (open != null) {
      open.wakeup();
    }
  }

  private void letGo() {
    @Nullable Inputs open = inputs;
    inputs = null;
    closeRemoval();
    if (open != null) {
      open.close();
    }
  }

  private void closeRemoval() {
    @Nullable Removal writer = removal;
    removal = null;
    if (writer != null) {
      writer.close();
    }
  }
}
