package dev.tidemill.pretrainer.io;

import dev.tidemill.events.CuratedDocument;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.Initialisation;
import dev.tidemill.model.tokenizer.BpeTrainer;
import dev.tidemill.model.tokenizer.Tokenizer;
import dev.tidemill.model.train.LearningRateSchedule;
import dev.tidemill.model.train.NonFiniteLossException;
import dev.tidemill.model.train.OptimizerConfig;
import dev.tidemill.model.train.StepResult;
import dev.tidemill.model.train.Trainer;
import dev.tidemill.model.train.TrainingExample;
import dev.tidemill.platform.artifact.ArtifactStore;
import dev.tidemill.platform.faults.FatalFault;
import dev.tidemill.platform.faults.RetriableFault;
import dev.tidemill.platform.window.BatchPlan;
import dev.tidemill.platform.window.Belonging;
import dev.tidemill.platform.window.ReplayBuffer;
import dev.tidemill.platform.window.TrainedWindow;
import dev.tidemill.platform.window.Window;
import dev.tidemill.platform.window.WindowMeters;
import dev.tidemill.platform.window.WindowRecord;
import dev.tidemill.platform.window.WindowTrainer;
import dev.tidemill.pretrainer.PretrainerConfig;
import dev.tidemill.pretrainer.domain.Course;
import dev.tidemill.pretrainer.domain.Sequences;
import dev.tidemill.schemas.AvroCodec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Turns windows of documents into bases: the first from a given folder or at random, each later
/// one from the base before it.
public final class BaseTrainer implements WindowTrainer<CuratedDocument> {
  private static final int REPORT_EVERY = 10;

  private final PretrainerConfig config;
  private final ArtifactStore artifacts;
  private final AvroCodec<CuratedDocument> codec;
  private final BaseGate gate;
  private final WindowMeters meters;

  BaseTrainer(
      PretrainerConfig config,
      ArtifactStore artifacts,
      AvroCodec<CuratedDocument> codec,
      BaseGate gate,
      WindowMeters meters) {
    this.config = config;
    this.artifacts = artifacts;
    this.codec = codec;
    this.gate = gate;
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
  public Optional<String> whyNotReady() {
    return Optional.empty();
  }

  @Override
  public TrainedWindow train(
      Window<CuratedDocument> window, @Nullable Previous previous, Path state, Progress progress) {
    Random random = new Random(config.seed() ^ window.sequence());
    ReplayBuffer<CuratedDocument> replay =
        new ReplayBuffer<>(codec, CuratedDocument::getKey, config.replay().capacity());
    if (previous != null) {
      replay.load(previous.state());
    }
    List<CuratedDocument> fresh = window.records().stream().map(WindowRecord::value).toList();
    List<CuratedDocument> documents = new ArrayList<>(fresh);
    Set<String> keys = new HashSet<>();
    fresh.forEach(document -> keys.add(document.getKey()));
    documents.addAll(
        replay.sample(ReplayBuffer.countFor(fresh.size(), config.replay().share()), keys, random));
    Path folder = temporaryFolder();
    Path artifact = folder.resolve("artifact");
    Outcome outcome;
    try (BaseModel start = start(previous, fresh, folder.resolve("initial"))) {
      boolean first = previous == null && config.initialModel() == null;
      Course course = first ? config.initial() : config.continued();
      outcome = run(start, documents, course, artifact, window, progress);
    }
    progress.step();
    replay.add(fresh, random);
    replay.save(state);
    return new TrainedWindow(
        artifact,
        config.name(),
        null,
        null,
        config.tasks(),
        previous == null ? null : previous.candidate().getArtifact(),
        description(),
        outcome.metrics(),
        gate.judge(artifact, outcome.trouble()));
  }

  private Outcome run(
      BaseModel start,
      List<CuratedDocument> documents,
      Course course,
      Path artifact,
      Window<CuratedDocument> window,
      Progress progress) {
    List<TrainingExample> sequences = new ArrayList<>();
    List<Integer> epochs = new ArrayList<>();
    for (CuratedDocument document : documents) {
      for (TrainingExample sequence : sequences(start, document)) {
        sequences.add(sequence);
        epochs.add(course.epochsOf(document.getSource()));
      }
    }
    List<List<Integer>> plan =
        BatchPlan.of(
            sequences.stream().mapToInt(s -> s.tokens().length).toArray(),
            epochs.stream().mapToInt(Integer::intValue).toArray(),
            config.batch().maxTokens(),
            config.batch().maxSequences(),
            config.seed() + window.sequence());
    LearningRateSchedule rate = course.schedule(plan.size());
    Map<String, Double> metrics = new TreeMap<>();
    @Nullable String trouble = null;
    try (Trainer trainer = Trainer.full(start, optimizer())) {
      Pace pace = new Pace();
      for (int step = 0; step < plan.size() && trouble == null; step++) {
        progress.step();
        List<TrainingExample> batch = plan.get(step).stream().map(sequences::get).toList();
        try {
          pace.add(trainer.step(batch, rate.at(step)));
        } catch (NonFiniteLossException refused) {
          trouble = "step %d of %d: %s".formatted(step + 1, plan.size(), refused.getMessage());
        }
        if ((step + 1) % REPORT_EVERY == 0) {
          meters.training(pace.loss(), pace.tokensPerSecond());
          metrics.put("loss_last", pace.loss());
          metrics.put("tokens_per_second", pace.tokensPerSecond());
          pace.next();
        }
      }
      metrics.put("steps", (double) plan.size());
      metrics.put("tokens", (double) pace.allTokens);
      trainer.exportBase(artifact);
    }
    return new Outcome(metrics, trouble);
  }

  private static List<TrainingExample> sequences(BaseModel base, CuratedDocument document) {
    return Sequences.of(
        base.tokenizer().encodeText(document.getText()),
        base.config().eosTokenId(),
        base.config().maxPositions());
  }

  private BaseModel start(
      @Nullable Previous previous, List<CuratedDocument> documents, Path folder) {
    if (previous != null) {
      return BaseModel.load(artifacts.open(previous.candidate().getArtifact()).folder());
    }
    @Nullable Path given = config.initialModel();
    if (given != null) {
      return BaseModel.load(given);
    }
    PretrainerConfig.Fresh fresh = config.fresh();
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new RetriableFault("the folder " + folder + " cannot be made: " + e, e);
    }
    Path tokenizer = folder.resolve("tokenizer.json");
    BpeTrainer.train(
        documents.stream().map(CuratedDocument::getText).toList(),
        fresh.vocabSize(),
        BpeTrainer.CHAT_TOKENS,
        fresh.preTokenizer(),
        fresh.chatTemplate(),
        tokenizer);
    BaseModel.initialise(
        folder,
        shape(fresh, folder),
        tokenizer,
        new Initialisation(fresh.matricesDeviation(), fresh.embeddingDeviation(), true),
        config.seed());
    return BaseModel.load(folder);
  }

  private static DecoderConfig shape(PretrainerConfig.Fresh fresh, Path folder) {
    try (Tokenizer tokenizer = Tokenizer.load(folder)) {
      return new DecoderConfig(
          fresh.vocabSize(),
          fresh.hiddenSize(),
          fresh.intermediateSize(),
          fresh.layers(),
          fresh.heads(),
          fresh.kvHeads(),
          fresh.hiddenSize() / fresh.heads(),
          1e-5,
          10_000,
          fresh.maxPositions(),
          true,
          tokenizer.tokenId("<|bos|>").orElseThrow(),
          tokenizer.tokenId("<|end|>").orElseThrow());
    }
  }

  private OptimizerConfig optimizer() {
    PretrainerConfig.Optimizer o = config.optimizer();
    return new OptimizerConfig(
        o.beta1(), o.beta2(), 1e-8, o.weightDecay(), o.clipNorm(), config.seed());
  }

  private Map<String, Object> description() {
    return Map.of(
        "seed", config.seed(),
        "initial", config.initial().toString(),
        "continued", config.continued().toString(),
        "batch", config.batch().toString(),
        "optimizer", config.optimizer().toString(),
        "replay", config.replay().toString());
  }

  private Path temporaryFolder() {
    try {
      Files.createDirectories(config.stateDirectory());
      return Files.createTempDirectory(config.stateDirectory(), "training-");
    } catch (IOException e) {
      throw new FatalFault("no folder can be made in " + config.stateDirectory() + ": " + e, e);
    }
  }

  /// What a run came to.
  ///
  /// @param trouble one sentence naming the step that was not finite; null when none was
  private record Outcome(Map<String, Double> metrics, @Nullable String trouble) {}

  /// Loss and speed since the last report.
  private static final class Pace {
    private double losses;
    private int steps;
    private long tokens;
    private long allTokens;
    private long since = System.nanoTime();

    void add(StepResult result) {
      losses += result.loss();
      steps++;
      tokens += result.tokens();
      allTokens += result.tokens();
    }

    double loss() {
      return losses / Math.max(1, steps);
    }

    double tokensPerSecond() {
      return tokens * 1e9 / Math.max(1, System.nanoTime() - since);
    }

    void next() {
      losses = 0;
      steps = 0;
      tokens = 0;
      since = System.nanoTime();
    }
  }
}
