package dev.tidemill.platform.window;

import dev.tidemill.events.Candidate;
import dev.tidemill.platform.artifact.ArtifactStore;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.provenance.Origin;
import dev.tidemill.platform.provenance.Provenance;
import dev.tidemill.platform.provenance.ProvenanceReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One life of the loop: from recovery to the first error, or to the first erasure that makes
/// what it has collected or trained worthless. The next one then begins as after a restart.
final class WindowSession<T extends SpecificRecord> implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(WindowSession.class);
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration LEARN_EVERY = Duration.ofSeconds(1);

  private final Lineage<T> line;
  private final WindowTrainer<T> trainer;
  private final ArtifactStore artifacts;
  private final WindowMeters meters;
  private final WindowLoop.Settings settings;
  private final BooleanSupplier stopping;
  private final WindowCandidates<T> candidates;
  private final LineageFolder folder;
  private final WindowPublication publication;
  private final ProvenanceReader origins;
  private final Lineage<T> lineage;
  private final CheckpointStore store;
  private final WindowSource<T> source;
  private final WindowCollector<T> collector;
  private Provenance provenance;
  private long learnt;
  private @Nullable Checkpoint last;

  /// @param stopping whether training is to end at its next progress report
  WindowSession(
      Lineage<T> line,
      WindowTrainer<T> trainer,
      KafkaClients clients,
      ArtifactStore artifacts,
      WindowMeters meters,
      WindowLoop.Settings settings,
      BooleanSupplier stopping) {
    this.line = line;
    this.trainer = trainer;
    this.artifacts = artifacts;
    this.meters = meters;
    this.settings = settings;
    this.stopping = stopping;
    candidates = new WindowCandidates<>(trainer, artifacts, settings);
    learnt = settings.nanos().getAsLong();
    folder = LineageFolder.open(settings.stateDir().resolve(line.folderName()), line.line());
    @Nullable WindowPublication opened = null;
    @Nullable ProvenanceReader following = null;
    @Nullable WindowSource<T> reading = null;
    try {
      // First of all: ends what a former self had open, so that what is read next stays true.
      opened = new WindowPublication(clients, line);
      following = new ProvenanceReader(clients, line.line());
      provenance = learn(following.readToEnd());
      lineage = line.at(Generations.current(line.line(), provenance));
      meters.generation(lineage.generation());
      store = folder.of(lineage);
      store.removeStaged();
      reading = new WindowSource<>(clients, lineage);
      Recovery recovery = recover(reading);
      last = recovery.checkpoint();
      Map<TopicPartition, Long> start =
          reading.seek(last == null ? reading.beginning() : last.to());
      if (last != null && recovery.publish()) {
        log.info("{}: publishing window {} again", lineage.name(), last.sequence());
        opened.publish(last, reading.group(), settings.crash());
        store.keepOnly(last.sequence());
      }
      log.info("{} goes on from {}", lineage.name(), start);
      collector =
          new WindowCollector<>(settings.policy(), trainer::belonging, start, settings.nanos());
      publication = opened;
      origins = following;
      source = reading;
    } catch (RuntimeException | Error e) {
      closeAll(reading, following, opened, folder);
      throw e;
    }
  }

  /// Where the lineage stands. A window that was prepared, and contains what was erased before it
  /// was published, is dropped.
  private Recovery recover(WindowSource<T> reading) {
    Recovery recovery = Recovery.of(lineage, store, reading.committed());
    @Nullable Checkpoint prepared = recovery.checkpoint();
    if (prepared == null
        || !recovery.publish()
        || provenance.knows(prepared.candidate().getArtifact())
        || provenance.erasureIn(Origin.of(prepared.candidate())).isEmpty()) {
      return recovery;
    }
    dropped(prepared.sequence());
    artifacts.remove(prepared.candidate().getArtifact());
    store.discard(prepared.sequence());
    return Recovery.of(lineage, store, reading.committed());
  }

  /// Reads on; trains and publishes a window when one is closed.
  ///
  /// @return false when this session is to end
  boolean round(Runnable pulse) throws InterruptedException {
    long now = settings.nanos().getAsLong();
    if (now - learnt >= LEARN_EVERY.toNanos()) {
      learnt = now;
      provenance = learn(origins.readToEnd());
      if (isOver()) {
        return false;
      }
    }
    if (collector.hasRoom()) {
      source.poll(collector, provenance.erased(), POLL);
    }
    boolean closed = collector.closed();
    meters.waiting(source.lag() + collector.held());
    if (!closed) {
      return true;
    }
    if (trainer.whyNotReady().isPresent()) {
      source.rest(POLL);
      return true;
    }
    provenance = learn(origins.readToEnd());
    // What was taken before it was erased is collected anew, without it.
    return !isOver() && !collector.holds(provenance.erased()) && run(pulse);
  }

  /// Whether an erasure has removed what this generation trained.
  private boolean isOver() {
    boolean over = Generations.current(line.line(), provenance) != lineage.generation();
    if (over) {
      log.info("{}: an erasure removed records that it trained; it begins anew", lineage.name());
    }
    return over;
  }

  private void dropped(long sequence) {
    meters.dropped();
    log.info("{}: window {} contains what is erased by now; dropped", lineage.name(), sequence);
  }

  /// @return false when the window was dropped
  private boolean run(Runnable pulse) throws InterruptedException {
    @Nullable Checkpoint before = last;
    Window<T> window =
        new Window<>(
            lineage.name(),
            before == null ? 1 : before.sequence() + 1,
            collector.ranges(provenance.erased()),
            collector.records());
    log.info(
        "{}: window {} closed with {} records",
        lineage.name(),
        window.sequence(),
        window.records().size());
    settings.crash().reached(CrashPoints.Phase.COLLECTED);
    Path state = store.stage(window.sequence());
    long began = settings.nanos().getAsLong();
    TrainedWindow trained =
        trainer.train(
            window,
            before == null ? null : new WindowTrainer.Previous(before.state(), before.candidate()),
            state,
            () -> progress(pulse));
    meters.trained(window.records().size(), Duration.ofNanos(settings.nanos().getAsLong() - began));
    settings.crash().reached(CrashPoints.Phase.TRAINED);
    provenance = learn(origins.readToEnd());
    if (provenance.erasureIn(candidates.origin(window, trained)).isPresent()) {
      dropped(window.sequence());
      candidates.drop(trained);
      return false;
    }
    Candidate candidate = candidates.publish(window, trained);
    settings.crash().reached(CrashPoints.Phase.ARTIFACT_PUBLISHED);
    Checkpoint prepared =
        store.write(
            candidate, () -> settings.crash().reached(CrashPoints.Phase.CHECKPOINT_WRITTEN));
    settings.crash().reached(CrashPoints.Phase.PREPARED);
    provenance = learn(origins.readToEnd());
    if (provenance.erasureIn(Origin.of(candidate)).isPresent()) {
      // The next session finds it prepared and drops it, as after a kill.
      return false;
    }
    publication.publish(prepared, source.group(), settings.crash());
    settings.crash().reached(CrashPoints.Phase.COMMITTED);
    store.keepOnly(prepared.sequence());
    last = prepared;
    collector.next();
    meters.published(candidate, settings.clock().instant());
    log.info(
        "{}: window {} published as {} ({})",
        lineage.name(),
        window.sequence(),
        candidate.getArtifact(),
        candidate.getGate().getPassed() ? "gate passed" : "gate failed");
    return true;
  }

  private Provenance learn(Provenance provenance) {
    trainer.provenance(provenance);
    return provenance;
  }

  private void progress(Runnable pulse) {
    pulse.run();
    settings.crash().reached(CrashPoints.Phase.TRAINING);
    if (stopping.getAsBoolean()) {
      throw new WakeupException();
    }
  }

  /// Makes a reading under way, or the next one, end.
  void wakeup() {
    source.wakeup();
    origins.wakeup();
  }

  @Override
  public void close() {
    closeAll(source, origins, publication, folder);
  }

  private static void closeAll(@Nullable AutoCloseable... parts) {
    for (@Nullable AutoCloseable part : parts) {
      if (part != null) {
        try {
          part.close();
        } catch (Exception e) {
          log.warn("a part of the window loop could not be closed: {}", e.toString());
        }
      }
    }
  }
}
