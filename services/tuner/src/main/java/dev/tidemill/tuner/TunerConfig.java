package dev.tidemill.tuner;

import dev.tidemill.model.LoraConfig;
import dev.tidemill.model.train.LearningRateSchedule;
import dev.tidemill.model.train.OptimizerConfig;
import dev.tidemill.model.train.RatingObjective;
import dev.tidemill.platform.window.WindowPolicy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// Section `tuner` of the settings.
///
/// @param tasks lines of adapters that this process trains; at least one
/// @param instance name of this process in candidates; `tuner-` and the process id unless told
/// @param stateDirectory folder of the checkpoints; `state/tuner` unless told
/// @param threads threads of one native call; 0 leaves the engine as it is
/// @param window when a window closes
/// @param lora shape of a low-rank adapter that starts afresh
/// @param method how adapters are made; low-rank unless told
/// @param methods the same for single tasks, in place of `method`
/// @param training how a window trains
/// @param gate what a candidate must show
public record TunerConfig(
    List<String> tasks,
    String instance,
    Path stateDirectory,
    int threads,
    Window window,
    Lora lora,
    MethodConfig method,
    Map<String, MethodConfig> methods,
    Training training,
    GateConfig gate) {

  public TunerConfig {
    if (tasks == null || tasks.isEmpty()) {
      throw new IllegalArgumentException("tasks must name at least one task");
    }
    tasks = List.copyOf(tasks);
    instance = instance == null ? "tuner-" + ProcessHandle.current().pid() : instance;
    stateDirectory = stateDirectory == null ? Path.of("state", "tuner") : stateDirectory;
    window = window == null ? Window.DEFAULTS : window;
    lora = lora == null ? Lora.DEFAULTS : lora;
    method = method == null ? MethodConfig.DEFAULTS : method;
    methods = methods == null ? Map.of() : Map.copyOf(methods);
    training = training == null ? Training.DEFAULTS : training;
    gate = gate == null ? GateConfig.DEFAULTS : gate;
    if (threads < 0) {
      throw new IllegalArgumentException("threads must not be negative");
    }
  }

  /// How adapters of a task are made.
  public MethodConfig methodOf(String task) {
    return methods.getOrDefault(task, method);
  }

  /// How answers train that were found good or bad.
  public enum Ratings {
    /// Good ones as answers to learn; bad ones train nothing.
    SFT,
    /// Both, against each other (Kahneman-Tversky optimization).
    KTO
  }

  /// Kinds of examples.
  public enum Kind {
    SFT,
    PREFERENCE,
    BINARY
  }

  /// When a window closes; only kinds of `closesOn` count.
  ///
  /// @param maxRecords 512 unless told
  /// @param maxAge 60 s unless told
  /// @param idle 5 s unless told
  /// @param minRecords 1 unless told
  /// @param closesOn sft and preference unless told
  public record Window(
      int maxRecords, Duration maxAge, Duration idle, int minRecords, List<Kind> closesOn) {
    static final Window DEFAULTS =
        new Window(
            0,
            Duration.ofSeconds(60),
            Duration.ofSeconds(5),
            0,
            List.of(Kind.SFT, Kind.PREFERENCE));

    public Window {
      closesOn = closesOn == null ? List.of(Kind.SFT, Kind.PREFERENCE) : List.copyOf(closesOn);
      WindowPolicy policy = new WindowPolicy(maxRecords, maxAge, idle, minRecords);
      maxRecords = policy.maxRecords();
      maxAge = policy.maxAge();
      idle = policy.idle();
      minRecords = policy.minRecords();
    }

    WindowPolicy policy() {
      return new WindowPolicy(maxRecords, maxAge, idle, minRecords);
    }
  }

  /// Shape of a fresh low-rank adapter.
  ///
  /// @param rank 16 unless told
  /// @param alpha twice the rank unless told
  /// @param targetModules all linears unless told
  /// @param dropout 0 unless told
  /// @param rsLora rank-stabilised scaling
  public record Lora(
      int rank, double alpha, List<String> targetModules, double dropout, boolean rsLora) {
    static final Lora DEFAULTS = new Lora(0, 0, LoraConfig.ALL_LINEARS, 0, false);

    public Lora {
      rank = rank == 0 ? 16 : rank;
      alpha = alpha == 0 ? 2.0 * rank : alpha;
      targetModules = targetModules == null ? LoraConfig.ALL_LINEARS : List.copyOf(targetModules);
    }

    /// As the model module takes it.
    public LoraConfig config() {
      return new LoraConfig(rank, alpha, targetModules, dropout, rsLora);
    }
  }

  /// How the learning rate falls after the warm-up.
  public enum Schedule {
    COSINE,
    LINEAR,
    CONSTANT;

    /// The schedule of a run.
    public LearningRateSchedule of(double peak, long steps, double warmUpShare) {
      long warmUp = Math.min(steps, Math.round(steps * warmUpShare));
      LearningRateSchedule falling =
          switch (this) {
            case COSINE -> LearningRateSchedule.cosine(peak, 0, steps - warmUp);
            case LINEAR -> LearningRateSchedule.linear(peak, 0, steps - warmUp);
            case CONSTANT -> LearningRateSchedule.constant(peak);
          };
      return falling.withWarmUp(warmUp);
    }
  }

  /// How a window trains. Epochs are as many as make `targetSteps`, but at least `epochs` and at
  /// most `maxEpochs`.
  ///
  /// @param objectives kinds that train; all three unless told (binary: good answers as sft)
  /// @param epochs 3 unless told
  /// @param maxEpochs 10 unless told
  /// @param targetSteps 48 unless told
  /// @param learningRate 1e-4 unless told
  /// @param schedule cosine unless told
  /// @param warmUpShare share of the steps; 0.1 unless told
  /// @param batchExamples 16 unless told
  /// @param batchTokens padding included; 4096 unless told
  /// @param beta1 0.9 unless told
  /// @param beta2 0.98 unless told
  /// @param weightDecay 0 unless told
  /// @param clipNorm 1 unless told
  /// @param seed of everything random; each window's is made of it and the window's number
  /// @param replayShare share of all examples that come from earlier windows, below 1; 0.5 unless
  ///   told
  /// @param replayCapacity examples kept for replay; 4096 unless told
  /// @param confirmedPerAnswer good binary examples of a window that train for each of its sft
  ///     examples, drawn at random; the others wait in the replay buffer. 2 unless told
  /// @param carryOptimizer go on with the moments of the window before when its adapter is live
  /// @param preferenceEpochs 1 unless told
  /// @param preferenceLearningRate 5e-6 unless told
  /// @param preferenceBeta 0.1 unless told
  /// @param ratings how binary examples train; sft unless told
  /// @param goodWeight how much a good answer counts, with `ratings` kto; 1 unless told
  /// @param badWeight how much a bad answer counts, with `ratings` kto; 1 unless told
  public record Training(
      List<Kind> objectives,
      int epochs,
      int maxEpochs,
      int targetSteps,
      double learningRate,
      Schedule schedule,
      Double warmUpShare,
      int batchExamples,
      int batchTokens,
      double beta1,
      double beta2,
      double weightDecay,
      double clipNorm,
      long seed,
      Double replayShare,
      int replayCapacity,
      double confirmedPerAnswer,
      boolean carryOptimizer,
      int preferenceEpochs,
      double preferenceLearningRate,
      double preferenceBeta,
      Ratings ratings,
      double goodWeight,
      double badWeight) {

    static final Training DEFAULTS =
        new Training(
            List.of(Kind.values()),
            0,
            0,
            0,
            0,
            Schedule.COSINE,
            0.1,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0.5,
            0,
            0,
            false,
            0,
            0,
            0,
            Ratings.SFT,
            0,
            0);

    public Training {
      objectives = objectives == null ? List.of(Kind.values()) : List.copyOf(objectives);
      epochs = epochs == 0 ? 3 : epochs;
      maxEpochs = maxEpochs == 0 ? Math.max(10, epochs) : maxEpochs;
      targetSteps = targetSteps == 0 ? 48 : targetSteps;
      learningRate = learningRate == 0 ? 1e-4 : learningRate;
      schedule = schedule == null ? Schedule.COSINE : schedule;
      warmUpShare = warmUpShare == null ? 0.1 : warmUpShare;
      batchExamples = batchExamples == 0 ? 16 : batchExamples;
      batchTokens = batchTokens == 0 ? 4096 : batchTokens;
      beta1 = beta1 == 0 ? 0.9 : beta1;
      beta2 = beta2 == 0 ? 0.98 : beta2;
      clipNorm = clipNorm == 0 ? 1 : clipNorm;
      replayShare = replayShare == null ? 0.5 : replayShare;
      replayCapacity = replayCapacity == 0 ? 4096 : replayCapacity;
      confirmedPerAnswer = confirmedPerAnswer == 0 ? 2 : confirmedPerAnswer;
      preferenceEpochs = preferenceEpochs == 0 ? 1 : preferenceEpochs;
      preferenceLearningRate = preferenceLearningRate == 0 ? 5e-6 : preferenceLearningRate;
      preferenceBeta = preferenceBeta == 0 ? 0.1 : preferenceBeta;
      ratings = ratings == null ? Ratings.SFT : ratings;
      goodWeight = goodWeight == 0 ? 1 : goodWeight;
      badWeight = badWeight == 0 ? 1 : badWeight;
      if (epochs < 1 || maxEpochs < epochs) {
        throw new IllegalArgumentException(
            "epochs must be at least 1 and at most max_epochs, but they are "
                + epochs
                + " and "
                + maxEpochs);
      }
      if (!(goodWeight > 0) || !(badWeight > 0)) {
        throw new IllegalArgumentException(
            "good_weight and bad_weight must be above 0, but they are %s and %s"
                .formatted(goodWeight, badWeight));
      }
      if (!(confirmedPerAnswer > 0)) {
        throw new IllegalArgumentException("confirmed_per_answer must be above 0");
      }
      if (!(learningRate > 0) || !(preferenceLearningRate > 0)) {
        throw new IllegalArgumentException("learning rates must be above 0");
      }
      if (!(replayShare >= 0 && replayShare < 1)) {
        throw new IllegalArgumentException("replay_share must be from 0 to below 1");
      }
      if (!(warmUpShare >= 0 && warmUpShare <= 1)) {
        throw new IllegalArgumentException("warm_up_share must be from 0 to 1");
      }
      if (batchExamples < 1 || batchTokens < 1 || replayCapacity < 1 || targetSteps < 1) {
        throw new IllegalArgumentException(
            "batch_examples, batch_tokens, replay_capacity and target_steps must be above 0");
      }
    }

    /// The optimizer of a window.
    public OptimizerConfig optimizer(long windowSeed) {
      return new OptimizerConfig(beta1, beta2, 1e-8, weightDecay, clipNorm, windowSeed);
    }

    /// How ratings train.
    public RatingObjective ratingObjective() {
      return new RatingObjective(preferenceBeta, goodWeight, badWeight);
    }

    /// How often the examples of a window train that make `batches` batches.
    public int epochsFor(int batches) {
      int wanted = batches == 0 ? 0 : (targetSteps + batches - 1) / batches;
      return Math.clamp(wanted, epochs, maxEpochs);
    }
  }

  /// What a candidate must show against the live release.
  ///
  /// @param heldoutTolerance how much higher the held-out loss may be, as a share; negative asks
  ///   for an improvement; 0.02 unless told
  /// @param retentionTolerance the same for bits per byte on held-out documents; 0.1 unless told
  /// @param confirmedSlack how much higher the loss may be on held-out confirmed answers, in nats
  ///   a token; 0.25 unless told. They were given by live releases, which are at home in them: a
  ///   share of their loss would be no room at all
  /// @param minHeldout with fewer held-out items a check is not made; 4 unless told
  /// @param maxHeldout at most as many are looked at; 256 unless told
  /// @param probePrompts prompts that must be answered well-formed; held-out ones unless told
  /// @param probes at most as many held-out prompts; 8 unless told
  /// @param probeMaxTokens 64 unless told
  /// @param probeMinShare share of well-formed answers wanted, or the live release's if that is
  ///   lower; 0.9 unless told
  public record GateConfig(
      Double heldoutTolerance,
      Double retentionTolerance,
      Double confirmedSlack,
      int minHeldout,
      int maxHeldout,
      List<String> probePrompts,
      int probes,
      int probeMaxTokens,
      Double probeMinShare) {
    static final GateConfig DEFAULTS = new GateConfig(0.02, 0.1, 0.25, 0, 0, List.of(), 0, 0, 0.9);

    public GateConfig {
      heldoutTolerance = heldoutTolerance == null ? 0.02 : heldoutTolerance;
      retentionTolerance = retentionTolerance == null ? 0.1 : retentionTolerance;
      confirmedSlack = confirmedSlack == null ? 0.25 : confirmedSlack;
      minHeldout = minHeldout == 0 ? 4 : minHeldout;
      maxHeldout = maxHeldout == 0 ? 256 : maxHeldout;
      probePrompts = probePrompts == null ? List.of() : List.copyOf(probePrompts);
      probes = probes == 0 ? 8 : probes;
      probeMaxTokens = probeMaxTokens == 0 ? 64 : probeMaxTokens;
      probeMinShare = probeMinShare == null ? 0.9 : probeMinShare;
    }
  }
}
