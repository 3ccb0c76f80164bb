package dev.tidemill.registry.io;

import dev.tidemill.events.AppliedErasure;
import dev.tidemill.events.Release;
import dev.tidemill.events.Route;
import dev.tidemill.platform.faults.Fault;
import dev.tidemill.platform.faults.KafkaFaults;
import dev.tidemill.platform.faults.RetriableFault;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicReader;
import dev.tidemill.platform.kafka.TopicRecord;
import dev.tidemill.platform.kafka.TopicWriter;
import dev.tidemill.platform.provenance.Applied;
import dev.tidemill.registry.domain.Outcome;
import dev.tidemill.registry.domain.RegistryEvent;
import dev.tidemill.registry.domain.RegistryImage;
import dev.tidemill.registry.domain.RegistryInput;
import dev.tidemill.schemas.MalformedRecordException;
import dev.tidemill.schemas.Topics;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The one writer of releases and routes. Each round takes what candidates, decisions, applied
/// erasures and commands there are, decides on them in order, records events and consumer positions
/// in one transaction, and only then publishes the next image. After any failure everything in
/// memory is thrown away and read again from the topics, so a failure and a restart are the same
/// thing.
public final class RegistryWriter {
  /// The transactional id and the consumer group: a new instance fences the one before.
  static final String ID = "tidemill-registry";

  private static final Logger log = LoggerFactory.getLogger(RegistryWriter.class);
  private static final Duration POLL = Duration.ofMillis(50);
  private static final int MOST_COMMANDS = 1_000;

  private record Command(RegistryInput input, CompletableFuture<Outcome> answer) {}

  /// What lives from an opening to the next failure.
  private record Session(
      Producer<String, byte[]> producer,
      Consumer<String, byte[]> consumer,
      TopicWriter<Release> releases,
      TopicWriter<Route> routes) {}

  private final KafkaClients kafka;
  private final InstantSource clock;
  private final RegistryMetrics metrics;
  private final InputTopics inputs;
  private final BlockingQueue<Command> commands = new LinkedBlockingQueue<>(MOST_COMMANDS);
  private volatile @Nullable RegistryImage image;
  private volatile @Nullable Session session;

  public RegistryWriter(KafkaClients kafka, InstantSource clock, RegistryMetrics metrics) {
    this.kafka = kafka;
    this.clock = clock;
    this.metrics = metrics;
    this.inputs = new InputTopics(kafka);
  }

  /// Everything that is recorded; null until it has been read.
  public @Nullable RegistryImage image() {
    return image;
  }

  /// Hands a command to the writer's thread; empty when too many wait already. The future completes
  /// when the outcome is recorded, or fails with a [Fault].
  public Optional<CompletableFuture<Outcome>> submit(RegistryInput input) {
    Command command = new Command(input, new CompletableFuture<>());
    return commands.offer(command) ? Optional.of(command.answer()) : Optional.empty();
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
      abandon();
      throw e;
    } catch (KafkaException | Fault e) {
      abandon();
      throw KafkaFaults.classify(e);
    }
  }

  /// Makes the round under way come back.
  public void wakeup() {
    @Nullable Session current = session;
    if (current != null) {
      current.consumer().wakeup();
    }
  }

  /// Lets go of the Kafka clients; to be called by the writer's thread.
  public void close() {
    abandon();
    RetriableFault stopping = new RetriableFault("the registry is stopping");
    List<Command> left = new ArrayList<>();
    commands.drainTo(left);
    left.forEach(command -> command.answer().completeExceptionally(stopping));
  }

  private Session open() {
    Producer<String, byte[]> producer = kafka.transactionalProducer(ID);
    @Nullable Consumer<String, byte[]> consumer = null;
    try {
      // First of all: fences a former self, so that what is read next stays true.
      producer.initTransactions();
      consumer = kafka.consumer("inputs", ID);
      image = recorded(inputs.seekToCommitted(consumer));
      return new Session(
          producer,
          consumer,
          kafka.writer(producer, Topics.RELEASES),
          kafka.writer(producer, Topics.ROUTES));
    } catch (RuntimeException e) {
      if (consumer != null) {
        consumer.close();
      }
      producer.close(Duration.ZERO);
      throw e;
    }
  }

  /// What former instances have recorded: releases and routes as they stand, and the erasures
  /// before the position that was committed with what came of them.
  private RegistryImage recorded(Map<TopicPartition, Long> positions) {
    TopicReader reader = new TopicReader(kafka);
    List<RegistryEvent> events = new ArrayList<>();
    for (TopicRecord<Release> record : reader.readAll(Topics.RELEASES)) {
      @Nullable Release release = record.value();
      if (release != null) {
        events.add(new RegistryEvent.ReleaseChanged(release));
      }
    }
    for (TopicRecord<Route> record : reader.readAll(Topics.ROUTES)) {
      @Nullable Route route = record.value();
      if (route != null) {
        events.add(new RegistryEvent.RouteChanged(route));
      }
    }
    for (TopicRecord<AppliedErasure> record :
        reader.readAll(Topics.APPLIED_ERASURES, unreadable -> log.warn(unreadable.getMessage()))) {
      @Nullable AppliedErasure erasure = record.value();
      long until =
          positions.getOrDefault(new TopicPartition(record.topic(), record.partition()), 0L);
      if (erasure != null && record.offset() < until) {
        events.add(new RegistryEvent.ErasureSeen(Applied.of(erasure)));
      }
    }
    RegistryImage read = RegistryImage.EMPTY.replay(events);
    log.info("read {}", read);
    return read;
  }

  private void round(Session current) {
    var records = current.consumer().poll(POLL);
    List<Command> asked = new ArrayList<>();
    commands.drainTo(asked);
    if (records.isEmpty() && asked.isEmpty()) {
      return;
    }
    long began = System.nanoTime();
    RegistryImage before = image == null ? RegistryImage.EMPTY : image;
    Batch batch = new Batch(before, clock, metrics);
    Map<TopicPartition, OffsetAndMetadata> positions = new HashMap<>();
    for (ConsumerRecord<String, byte[]> record : records) {
      try {
        batch.take(inputs.decode(record));
      } catch (MalformedRecordException e) {
        log.warn(e.getMessage());
        metrics.countIgnored(Outcome.Reason.MALFORMED);
      }
      positions.put(
          new TopicPartition(record.topic(), record.partition()),
          new OffsetAndMetadata(record.offset() + 1));
    }
    List<Outcome> outcomes = new ArrayList<>();
    asked.forEach(command -> outcomes.add(batch.take(command.input())));
    try {
      record(current, batch.events(), positions);
    } catch (KafkaException | Fault e) {
      Fault fault = KafkaFaults.classify(e);
      asked.forEach(command -> command.answer().completeExceptionally(fault));
      throw fault;
    }
    image = batch.image();
    metrics.applied(batch.events(), Duration.ofNanos(System.nanoTime() - began));
    for (int i = 0; i < asked.size(); i++) {
      asked.get(i).answer().complete(outcomes.get(i));
    }
  }

  private void record(
      Session current,
      List<RegistryEvent> events,
      Map<TopicPartition, OffsetAndMetadata> positions) {
    if (events.isEmpty() && positions.isEmpty()) {
      return;
    }
    Producer<String, byte[]> producer = current.producer();
    producer.beginTransaction();
    for (RegistryEvent event : events) {
      // A failed send makes the commit below fail, so the futures need no look.
      switch (event) {
        case RegistryEvent.ReleaseChanged changed -> {
          var _ = current.releases().send(changed.release().getId(), changed.release());
        }
        case RegistryEvent.RouteChanged changed -> {
          var _ = current.routes().send(changed.route().getTask(), changed.route());
        }
        case RegistryEvent.ErasureSeen seen -> {}
      }
    }
    if (!positions.isEmpty()) {
      producer.sendOffsetsToTransaction(positions, current.consumer().groupMetadata());
    }
    producer.commitTransaction();
  }

  private void abandon() {
    @Nullable Session current = session;
    session = null;
    if (current != null) {
      current.consumer().close();
      // Aborts what was not committed.
      current.producer().close(Duration.ofSeconds(5));
    }
  }
}
