package dev.tidemill.pretrainer.io;

import dev.tidemill.events.Candidate;
import dev.tidemill.events.CuratedDocument;
import dev.tidemill.events.GateReport;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.train.Trainer;
import dev.tidemill.platform.artifact.ArtifactStore;
import dev.tidemill.platform.provenance.Provenance;
import dev.tidemill.platform.window.Belonging;
import dev.tidemill.platform.window.ReplayBuffer;
import dev.tidemill.platform.window.TrainedWindow;
import dev.tidemill.platform.window.Window;
import dev.tidemill.platform.window.WindowMeters;
import dev.tidemill.platform.window.WindowRecord;
import dev.tidemill.platform.window.WindowTrainer;
import dev.tidemill.pretrainer.PretrainerConfig;
import dev.tidemill.pretrainer.domain.Course;
import dev.tidemill.schemas.AvroCodec;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Turns windows of documents into bases: the first from a given folder or at random, each later
/// one from the lineage's newest base that passed its gate.
public final class BaseTrainer implements WindowTrainer<CuratedDocument> {
  private static final Logger log = LoggerFactory.getLogger(BaseTrainer.class);

  private final PretrainerConfig config;
  private final ArtifactStore artifacts;
  private final BaseGate gate;
  private final Supplier<Optional<String>> whyNotReady;
  private final WindowMeters meters;
  private volatile @Nullable Provenance provenance;

  BaseTrainer(
      PretrainerConfig config,
      ArtifactStore artifacts,
      BaseGate gate,
      Supplier<Optional<String>> whyNotReady,
      WindowMeters meters) {
    this.config = config;
    this.artifacts = artifacts;
    this.gate = gate;
    this.whyNotReady = whyNotReady;
    this.meters = meters;
  }

  @Override
  public Belonging belonging(CuratedDocument document) {
    return Belonging.COUNTS;
  }

  @Override
  public String id(CuratedDocument document) {
    return document.getId();
  }

  @Override
  public Instant eventTime(CuratedDocument document) {
    return document.getEventTime();
  }

  @Override
  public void provenance(Provenance known) {
    provenance = known;
  }

  @Override
  public Optional<String> whyNotReady() {
    @Nullable Provenance known = provenance;
    return known == null
        ? Optional.of("candidates and applied erasures are still being read")
        : whyNotReady.get().or(() -> gate.whyNotReady(known));
  }

  @Override
  public TrainedWindow train(
      Window<CuratedDocument> window, @Nullable Previous previous, Path state, Progress progress) {
    WorkFolder work = new WorkFolder(config.stateDirectory(), config.name());
    work.begin();
    boolean done = false;
    try {
      TrainedWindow trained = train(window, previous, state, work, progress);
      work.keepArtifact();
      done = true;
      return trained;
    } finally {
      if (!done) {
        work.remove();
      }
    }
  }

  private TrainedWindow train(
      Window<CuratedDocument> window,
      @Nullable Previous previous,
      Path state,
      WorkFolder work,
      Progress progress) {
    long seed = config.seed() * 1_000_003 + window.sequence();
    Random random = new Random(seed);
    @Nullable String parent = previous == null ? null : parent(previous.candidate());
    Map<String, CuratedDocument> fresh = newest(window);
    meters.skipped("revised", window.records().size() - fresh.size());
    ReplayBuffer<CuratedDocument> replay = replay(previous);
    // What starts from nothing of ours has learned none of what earlier windows held.
    int replayed =
        parent == null
            ? replay.size()
            : ReplayBuffer.countFor(fresh.size(), config.replay().share());
    List<CuratedDocument> documents = new ArrayList<>(fresh.values());
    documents.addAll(replay.sample(replayed, fresh.keySet(), random));

    boolean first = parent == null && config.initialModel() == null;
    Course course = first ? config.initialCourse() : config.continuedCourse();
    BaseRun run = new BaseRun(course, config.batch(), meters, progress);
    try (BaseModel start = start(parent, documents, work);
        Trainer trainer = Trainer.full(start, config.optimizer().of(seed))) {
      progress.step();
      run.train(trainer, start, documents, seed);
      trainer.exportBase(work.artifact());
    }
    progress.step();
    replay.add(fresh.values(), random);
    replay.save(state);
    GateReport report = gate.judge(work.artifact(), run.trouble(), progress);
    Map<String, Double> metrics = new TreeMap<>(run.metrics());
    metrics.put("documents", (double) fresh.size());
    metrics.put("documents_replayed", (double) (documents.size() - fresh.size()));
    log.info("{}: {}", window.lineage(), metrics);
    return new TrainedWindow(
        work.artifact(),
        config.name(),
        null,
        null,
        config.tasks(),
        parent,
        description(first, course),
        metrics,
        report);
  }

  /// The newest base of the lineage that passed its gate; null when none did. A candidate that was
  /// refused names the one that it started from itself.
  private static @Nullable String parent(Candidate last) {
    return last.getGate().getPassed() ? last.getArtifact() : last.getParent();
  }

  /// The last document of each key: what was revised within the window is not taught.
  private static Map<String, CuratedDocument> newest(Window<CuratedDocument> window) {
    Map<String, CuratedDocument> newest = new LinkedHashMap<>();
    for (WindowRecord<CuratedDocument> record : window.records()) {
      newest.put(record.value().getKey(), record.value());
    }
    return newest;
  }

  private ReplayBuffer<CuratedDocument> replay(@Nullable Previous previous) {
    ReplayBuffer<CuratedDocument> replay =
        new ReplayBuffer<>(
            AvroCodec.of(CuratedDocument.class),
            CuratedDocument::getKey,
            config.replay().capacity());
    if (previous != null) {
      replay.load(previous.state());
    }
    return replay;
  }

  private BaseModel start(
      @Nullable String parent, List<CuratedDocument> documents, WorkFolder work) {
    if (parent != null) {
      return BaseModel.load(artifacts.open(parent).folder());
    }
    @Nullable Path given = config.initialModel();
    if (given != null) {
      return BaseModel.load(given);
    }
    FreshBase.write(config.fresh(), documents, config.seed(), work.initial());
    return BaseModel.load(work.initial());
  }

  private Map<String, Object> description(boolean first, Course course) {
    Map<String, Object> description = new TreeMap<>();
    description.put("course", first ? "initial" : "continued");
    description.put("epochs", course.epochs());
    description.put("epochs_by_source", new TreeMap<>(course.sources()));
    description.put("learning_rate", course.learningRate());
    description.put("learning_rate_floor", course.floor());
    description.put("warm_up_steps", course.warmUpSteps());
    description.put("batch_tokens", config.batch().maxTokens());
    description.put("batch_sequences", config.batch().maxSequences());
    description.put("beta1", config.optimizer().beta1());
    description.put("beta2", config.optimizer().beta2());
    description.put("weight_decay", config.optimizer().weightDecay());
    description.put("clip_norm", config.optimizer().clipNorm());
    description.put("replay_share", config.replay().share());
    description.put("seed", config.seed());
    return description;
  }
}
