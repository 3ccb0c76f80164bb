package dev.tidemill.tuner.io;

import dev.tidemill.events.Example;
import dev.tidemill.events.Holdout;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.events.Route;
import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.PromptConfig;
import dev.tidemill.model.TuningMethod;
import dev.tidemill.model.train.OptimizerConfig;
import dev.tidemill.model.train.Trainer;
import dev.tidemill.platform.artifact.ArtifactStore;
import dev.tidemill.platform.artifact.VerifiedArtifact;
import dev.tidemill.platform.faults.FatalFault;
import dev.tidemill.platform.faults.RetriableFault;
import dev.tidemill.platform.kafka.TopicTable;
import dev.tidemill.platform.provenance.Applied;
import dev.tidemill.platform.provenance.Provenance;
import dev.tidemill.platform.window.Belonging;
import dev.tidemill.platform.window.NativeThread;
import dev.tidemill.platform.window.ReplayBuffer;
import dev.tidemill.platform.window.TrainedWindow;
import dev.tidemill.platform.window.Window;
import dev.tidemill.platform.window.WindowMeters;
import dev.tidemill.platform.window.WindowRecord;
import dev.tidemill.platform.window.WindowTrainer;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.tuner.MethodConfig;
import dev.tidemill.tuner.TunerConfig;
import dev.tidemill.tuner.TunerConfig.Ratings;
import dev.tidemill.tuner.domain.TrainingSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Turns windows of one task's examples into adapters on the base of the live release, starting
/// from the live adapter. Everything native happens on the one native thread.
public final class TaskTrainer implements WindowTrainer<Example>, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(TaskTrainer.class);
  private static final String TRAINER_STATE = "trainer";

  private final String task;
  private final TunerConfig config;
  private final ArtifactStore artifacts;
  private final TopicTable<Route> routes;
  private final TopicTable<Holdout> holdout;
  private final NativeThread thread;
  private final WindowMeters meters;

  private volatile @Nullable Provenance provenance;

  // Touched on the native thread only.
  private @Nullable LoadedBase loaded;

  private record LoadedBase(String digest, BaseModel model) {}

  public TaskTrainer(
      String task,
      TunerConfig config,
      ArtifactStore artifacts,
      TopicTable<Route> routes,
      TopicTable<Holdout> holdout,
      NativeThread thread,
      WindowMeters meters) {
    this.task = task;
    this.config = config;
    this.artifacts = artifacts;
    this.routes = routes;
    this.holdout = holdout;
    this.thread = thread;
    this.meters = meters;
  }

  @Override
  public void provenance(Provenance known) {
    provenance = known;
  }

  @Override
  public Belonging belonging(Example example) {
    if (!example.getTask().equals(task)) {
      return Belonging.OTHER;
    }
    return config.window().closesOn().contains(TrainingSet.kind(example))
        ? Belonging.COUNTS
        : Belonging.BELONGS;
  }

  @Override
  public String id(Example example) {
    return example.getId();
  }

  @Override
  public Instant eventTime(Example example) {
    return example.getEventTime();
  }

  @Override
  public Optional<String> whyNotReady() {
    if (!routes.caughtUp() || !holdout.caughtUp()) {
      return Optional.of("routes and holdout are still being read");
    }
    @Nullable Provenance known = provenance;
    if (known == null) {
      return Optional.of("candidates and applied erasures are still being read");
    }
    Optional<ReleaseTarget> live = live();
    if (live.isEmpty()) {
      return Optional.of("task " + task + " has no live release to start from");
    }
    // The registry is about to take it off, but may be behind.
    return erasureIn(live.get(), known)
        .map(
            erasure ->
                "the live release of task %s contains what erasure %s removed; another is waited for"
                    .formatted(task, erasure.id()));
  }

  @Override
  public TrainedWindow train(
      Window<Example> window, @Nullable Previous previous, Path state, Progress progress)
      throws InterruptedException {
    ReleaseTarget live =
        live().orElseThrow(() -> new RetriableFault("task " + task + " has no live release"));
    return thread.call(() -> train(window, previous, state, progress, live));
  }

  @Override
  public void close() {
    try {
      thread.call(
          () -> {
            @Nullable LoadedBase open = loaded;
            loaded = null;
            if (open != null) {
              open.model.close();
            }
            return true;
          });
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Optional<Applied> erasureIn(ReleaseTarget target, Provenance known) {
    return Optional.ofNullable(target.getAdapter())
        .flatMap(known::erasureIn)
        .or(() -> known.erasureIn(target.getBase()));
  }

  private Optional<ReleaseTarget> live() {
    return routes.get(task).flatMap(route -> Optional.ofNullable(route.getLive()));
  }

  private TrainedWindow train(
      Window<Example> window,
      @Nullable Previous previous,
      Path state,
      Progress progress,
      ReleaseTarget live)
      throws IOException {
    BaseModel base = base(live.getBase());
    progress.step();
    long seed = config.training().seed() * 1_000_003 + window.sequence();
    OptimizerConfig optimizer = config.training().optimizer(seed);
    MethodConfig made = config.methodOf(task);
    TuningMethod wanted = made.tuning(config.lora()).on(base.config());
    try (Adapter start = liveAdapter(live, base);
        Trainer trainer =
            start != null && wanted.goesOnFrom(start.method())
                ? Trainer.tune(base, start, optimizer)
                : Trainer.tune(base, wanted, optimizer)) {
      boolean goesOn = start != null && wanted.goesOnFrom(start.method());
      if (goesOn) {
        restore(trainer, previous, live);
      } else if (start != null) {
        log.info(
            "tuner/{}: starts afresh with {}, for the live adapter is of another method ({})",
            task,
            wanted,
            start.method());
      }
      int maxTokens =
          base.config().maxPositions()
              - Math.max(
                  wanted.virtualTokens(), start == null ? 0 : start.method().virtualTokens());
      List<Example> fresh = window.records().stream().map(WindowRecord::value).toList();
      ReplayBuffer<Example> replay = replay(previous);
      TrainingSet news = set(balanced(fresh, seed), base, maxTokens);
      TrainingSet set = withReplay(news, fresh, replay, base, maxTokens, seed);
      meters.skipped("too_long", news.tooLong());
      meters.skipped("unusable", news.unusable());
      double rate =
          made.learningRate() > 0 ? made.learningRate() : config.training().learningRate();
      TrainingRun run =
          new TrainingRun(config.training(), rate, trainer, set, seed, meters, progress);
      TrainingRun.Result result = run.run();
      trainer.saveState(Files.createDirectories(state.resolve(TRAINER_STATE)));
      replay.add(set(fresh, base, maxTokens).sources(), new Random(seed));
      replay.save(state);
      // Beside the state, so that it goes with it when the window comes to nothing.
      Path artifact = Files.createDirectories(state.resolveSibling("artifact"));
      trainer.exportAdapter(artifact);
      TuningMethod method = Adapter.methodOf(artifact, base.config());
      AdapterGate gate = new AdapterGate(config.gate(), task, base, maxTokens, live, progress);
      var report = gate.judge(artifact, start, holdout.image().values(), result.trouble());
      log.info(
          "tuner/{}: {} steps, loss {} to {}",
          task,
          result.steps(),
          result.firstLoss(),
          result.lastLoss());
      if (method instanceof PromptConfig prompt) {
        log.info("tuner/{}: nearest words of the virtual tokens: {}", task, prompt.nearest());
      }
      return new TrainedWindow(
          artifact,
          task,
          live.getBase(),
          task,
          List.of(task),
          live.getAdapter() == null ? live.getBase() : live.getAdapter(),
          TrainingAccount.settings(config.training(), method, base.config(), rate, result.epochs()),
          TrainingAccount.metrics(result, news, set),
          report);
    }
  }

  private void restore(Trainer trainer, @Nullable Previous previous, ReleaseTarget live) {
    if (config.training().carryOptimizer()
        && previous != null
        && previous.candidate().getArtifact().equals(live.getAdapter())) {
      trainer.restoreState(previous.state().resolve(TRAINER_STATE));
    }
  }

  private ReplayBuffer<Example> replay(@Nullable Previous previous) {
    ReplayBuffer<Example> replay =
        new ReplayBuffer<>(
            AvroCodec.of(Example.class), Example::getKey, config.training().replayCapacity());
    if (previous != null) {
      replay.load(previous.state());
    }
    return replay;
  }

  /// Only as answers to learn would confirmed ones drown corrections.
  private List<Example> balanced(List<Example> fresh, long seed) {
    return config.training().ratings() == Ratings.KTO
        ? fresh
        : TrainingSet.balanced(fresh, config.training().confirmedPerAnswer(), new Random(seed));
  }

  private TrainingSet set(List<Example> examples, BaseModel base, int maxTokens) {
    TunerConfig.Training training = config.training();
    return TrainingSet.of(
        examples, training.objectives(), training.ratings(), base.tokenizer(), maxTokens);
  }

  private TrainingSet withReplay(
      TrainingSet news,
      List<Example> fresh,
      ReplayBuffer<Example> replay,
      BaseModel base,
      int maxTokens,
      long seed) {
    Set<String> keys = fresh.stream().map(Example::getKey).collect(Collectors.toSet());
    int wanted = ReplayBuffer.countFor(news.sft().size(), config.training().replayShare());
    TrainingSet old = set(replay.sample(wanted, keys, new Random(seed)), base, maxTokens);
    List<dev.tidemill.model.train.TrainingExample> sft = new ArrayList<>(news.sft());
    sft.addAll(old.sft());
    List<Example> sources = new ArrayList<>(news.sources());
    sources.addAll(old.sources());
    return new TrainingSet(
        sft, news.pairs(), news.rated(), sources, news.tooLong(), news.unusable());
  }

  private BaseModel base(String digest) {
    @Nullable LoadedBase open = loaded;
    if (open != null && open.digest.equals(digest)) {
      return open.model;
    }
    if (open != null) {
      loaded = null;
      open.model.close();
    }
    BaseModel model = BaseModel.load(artifacts.open(digest).folder());
    loaded = new LoadedBase(digest, model);
    return model;
  }

  private @Nullable Adapter liveAdapter(ReleaseTarget live, BaseModel base) {
    @Nullable String digest = live.getAdapter();
    if (digest == null) {
      return null;
    }
    VerifiedArtifact artifact = artifacts.open(digest);
    if (!live.getBase().equals(artifact.manifest().base())) {
      throw new FatalFault(
          "adapter %s stands on base %s, but the live release of %s puts it on %s"
              .formatted(digest, artifact.manifest().base(), task, live.getBase()));
    }
    return Adapter.load(artifact.folder(), base.config());
  }
}
