package dev.tidemill.pretrainer;

import dev.tidemill.model.tokenizer.BpeTrainer;
import dev.tidemill.model.tokenizer.BpeTrainer.PreTokenizer;
import dev.tidemill.model.train.OptimizerConfig;
import dev.tidemill.platform.window.WindowPolicy;
import dev.tidemill.pretrainer.domain.Course;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Section `pretrainer` of the settings.
///
/// @param name of the line of bases; the lineage is `pretrainer/<name>`; `base` unless told
/// @param tasks tasks that each base is proposed to; at least one
/// @param instance name of this process in candidates; `pretrainer-` and the process id unless told
/// @param stateDirectory folder of the checkpoints; `state/pretrainer` unless told
/// @param threads of one native call; 0 leaves the engine as it is
/// @param heartbeatLimit how long the loop may show no sign of life; the longest parts are one
///   training step and the learning of a tokenizer; 5 min unless told
/// @param window when a window closes
/// @param initialModel Hugging Face folder that the first window starts from; without one it
///   starts from `fresh`
/// @param fresh shape and tokenizer of a base that starts at random
/// @param batch how sequences are put together
/// @param optimizer AdamW
/// @param initial how a fresh base trains; what is not told is as in [Course#INITIAL]
/// @param continued how every other window trains; what is not told is as in [Course#CONTINUED]
/// @param replay documents of earlier windows that train again
/// @param gate what a candidate must show
/// @param seed of everything random
public record PretrainerConfig(
    String name,
    List<String> tasks,
    String instance,
    Path stateDirectory,
    int threads,
    Duration heartbeatLimit,
    WindowPolicy window,
    @Nullable Path initialModel,
    Fresh fresh,
    Batch batch,
    Optimizer optimizer,
    CourseConfig initial,
    CourseConfig continued,
    Replay replay,
    Gate gate,
    long seed) {

  public PretrainerConfig {
    name = name == null ? "base" : name;
    tasks = tasks == null ? List.of() : List.copyOf(tasks);
    instance = instance == null ? "pretrainer-" + ProcessHandle.current().pid() : instance;
    stateDirectory = stateDirectory == null ? Path.of("state", "pretrainer") : stateDirectory;
    heartbeatLimit = heartbeatLimit == null ? Duration.ofMinutes(5) : heartbeatLimit;
    window =
        window == null
            ? new WindowPolicy(0, Duration.ofSeconds(60), Duration.ofSeconds(5), 0)
            : window;
    fresh = fresh == null ? Fresh.DEFAULT : fresh;
    batch = batch == null ? new Batch(0, 0) : batch;
    optimizer = optimizer == null ? Optimizer.DEFAULT : optimizer;
    initial = initial == null ? CourseConfig.NOTHING_TOLD : initial;
    continued = continued == null ? CourseConfig.NOTHING_TOLD : continued;
    replay = replay == null ? Replay.DEFAULT : replay;
    gate = gate == null ? Gate.DEFAULT : gate;
    if (!name.matches("[A-Za-z0-9._-]+")) {
      throw new IllegalArgumentException(
          "name must be of letters, digits, '.', '_' and '-', not '" + name + "'");
    }
    if (tasks.isEmpty() || Set.copyOf(tasks).size() < tasks.size()) {
      throw new IllegalArgumentException("tasks must name at least one task, each once");
    }
    if (threads < 0) {
      throw new IllegalArgumentException("threads must not be negative, was " + threads);
    }
    if (!heartbeatLimit.isPositive()) {
      throw new IllegalArgumentException("heartbeat_limit must be above 0, was " + heartbeatLimit);
    }
    checkCourse("initial", initial, Course.INITIAL);
    checkCourse("continued", continued, Course.CONTINUED);
  }

  /// How a window trains that starts from a fresh base.
  public Course initialCourse() {
    return initial.or(Course.INITIAL);
  }

  /// How every other window trains.
  public Course continuedCourse() {
    return continued.or(Course.CONTINUED);
  }

  private static void checkCourse(String key, CourseConfig told, Course otherwise) {
    try {
      var _ = told.or(otherwise);
    } catch (IllegalArgumentException refused) {
      throw new IllegalArgumentException(key + ": " + refused.getMessage(), refused);
    }
  }

  private static void requirePositive(String key, double value) {
    if (!(value > 0)) {
      throw new IllegalArgumentException(key + " must be above 0, was " + value);
    }
  }

  /// What is told of a course.
  ///
  /// @param epochs times that a document trains
  /// @param sources times for documents whose source starts so; the longest fitting start counts
  /// @param learningRate at its peak
  /// @param floor learning rate at the end
  /// @param warmUpSteps steps up to the peak
  public record CourseConfig(
      @Nullable Integer epochs,
      @Nullable Map<String, Integer> sources,
      @Nullable Double learningRate,
      @Nullable Double floor,
      @Nullable Integer warmUpSteps) {
    static final CourseConfig NOTHING_TOLD = new CourseConfig(null, null, null, null, null);

    Course or(Course otherwise) {
      return new Course(
          Objects.requireNonNullElse(epochs, otherwise.epochs()),
          Objects.requireNonNullElse(sources, otherwise.sources()),
          Objects.requireNonNullElse(learningRate, otherwise.learningRate()),
          Objects.requireNonNullElse(floor, otherwise.floor()),
          Objects.requireNonNullElse(warmUpSteps, otherwise.warmUpSteps()));
    }
  }

  /// A base that starts at random; its tokenizer is learned from the first window's texts.
  ///
  /// @param vocabSize at most as many tokens; fewer when the texts give no more; 2048 unless told
  /// @param hiddenSize 256 unless told
  /// @param intermediateSize four times the hidden size unless told
  /// @param layers 2 unless told
  /// @param heads 4 unless told
  /// @param kvHeads as many as heads unless told
  /// @param maxPositions 512 unless told
  /// @param preTokenizer names unless told
  /// @param chatTemplate Jinja template of conversations; turns on a line each unless told
  /// @param matricesDeviation one by the root of the hidden size unless told
  /// @param embeddingDeviation 0.05 unless told
  public record Fresh(
      int vocabSize,
      int hiddenSize,
      int intermediateSize,
      int layers,
      int heads,
      int kvHeads,
      int maxPositions,
      PreTokenizer preTokenizer,
      String chatTemplate,
      double matricesDeviation,
      double embeddingDeviation) {

    private static final String PLAIN =
        "{% for message in messages %}{{ message.content }}"
            + "{% if message.role == 'assistant' %}<|end|>{% else %}{{ '\n' }}{% endif %}"
            + "{% endfor %}";

    private static final int LEAST_VOCABULARY = BpeTrainer.CHAT_TOKENS.size() + 256;

    static final Fresh DEFAULT = new Fresh(0, 0, 0, 0, 0, 0, 0, PreTokenizer.NAMES, PLAIN, 0, 0);

    public Fresh {
      vocabSize = vocabSize == 0 ? 2048 : vocabSize;
      hiddenSize = hiddenSize == 0 ? 256 : hiddenSize;
      intermediateSize = intermediateSize == 0 ? 4 * hiddenSize : intermediateSize;
      layers = layers == 0 ? 2 : layers;
      heads = heads == 0 ? 4 : heads;
      kvHeads = kvHeads == 0 ? heads : kvHeads;
      maxPositions = maxPositions == 0 ? 512 : maxPositions;
      preTokenizer = preTokenizer == null ? PreTokenizer.NAMES : preTokenizer;
      chatTemplate = chatTemplate == null ? PLAIN : chatTemplate;
      requirePositive("hidden_size", hiddenSize);
      requirePositive("intermediate_size", intermediateSize);
      requirePositive("layers", layers);
      requirePositive("heads", heads);
      requirePositive("kv_heads", kvHeads);
      matricesDeviation = matricesDeviation == 0 ? 1 / Math.sqrt(hiddenSize) : matricesDeviation;
      embeddingDeviation = embeddingDeviation == 0 ? 0.05 : embeddingDeviation;
      requirePositive("matrices_deviation", matricesDeviation);
      requirePositive("embedding_deviation", embeddingDeviation);
      if (vocabSize < LEAST_VOCABULARY) {
        throw new IllegalArgumentException(
            "vocab_size must be at least " + LEAST_VOCABULARY + ", was " + vocabSize);
      }
      if (maxPositions < 2) {
        throw new IllegalArgumentException("max_positions must be at least 2, was " + maxPositions);
      }
      if (hiddenSize % (2 * heads) != 0) {
        throw new IllegalArgumentException(
            "hidden_size must be a multiple of twice the heads, but they are "
                + hiddenSize
                + " and "
                + heads);
      }
      if (heads % kvHeads != 0) {
        throw new IllegalArgumentException(
            "heads must be a multiple of kv_heads, but they are " + heads + " and " + kvHeads);
      }
    }
  }

  /// How sequences are put together.
  ///
  /// @param maxTokens padding included; a longer sequence is a batch alone; 192 unless told
  /// @param maxSequences 64 unless told
  public record Batch(int maxTokens, int maxSequences) {
    public Batch {
      maxTokens = maxTokens == 0 ? 192 : maxTokens;
      maxSequences = maxSequences == 0 ? 64 : maxSequences;
      requirePositive("max_tokens", maxTokens);
      requirePositive("max_sequences", maxSequences);
    }
  }

  /// AdamW, fresh in each window.
  ///
  /// @param beta1 0.9 unless told
  /// @param beta2 0.98 unless told
  /// @param weightDecay 0.1 unless told
  /// @param clipNorm 1 unless told
  public record Optimizer(Double beta1, Double beta2, Double weightDecay, double clipNorm) {
    private static final double EPSILON = 1e-8;

    static final Optimizer DEFAULT = new Optimizer(0.9, 0.98, 0.1, 0);

    public Optimizer {
      beta1 = beta1 == null ? 0.9 : beta1;
      beta2 = beta2 == null ? 0.98 : beta2;
      weightDecay = weightDecay == null ? 0.1 : weightDecay;
      clipNorm = clipNorm == 0 ? 1 : clipNorm;
      // Refuses here what would else end the first window.
      var _ = new OptimizerConfig(beta1, beta2, EPSILON, weightDecay, clipNorm, 0);
    }

    /// The optimizer of a window.
    public OptimizerConfig of(long windowSeed) {
      return new OptimizerConfig(beta1, beta2, EPSILON, weightDecay, clipNorm, windowSeed);
    }
  }

  /// Documents of earlier windows that train again.
  ///
  /// @param share of all documents of a window, below 1; 0.25 unless told
  /// @param capacity documents kept; 20,000 unless told
  public record Replay(Double share, int capacity) {
    static final Replay DEFAULT = new Replay(0.25, 0);

    public Replay {
      share = share == null ? 0.25 : share;
      capacity = capacity == 0 ? 20_000 : capacity;
      requirePositive("capacity", capacity);
      if (!(share >= 0 && share < 1)) {
        throw new IllegalArgumentException("share must be from 0 up to but not 1, was " + share);
      }
    }
  }

  /// What a candidate must show. Bits per byte compare bases whatever their tokenizers.
  ///
  /// @param tolerance how much higher than the live base's the bits per byte of held-out documents
  ///   may be, as a share; negative asks for an improvement; 0 unless told
  /// @param answerTolerance the same for held-out answers of each task, which new documents need
  ///   not teach; 0.1 unless told
  /// @param maxBitsPerByte what bits per byte may be at most while nothing is live; 8, which is to
  ///   know nothing, unless told
  /// @param minHeldout with fewer held-out items a check is not made; 5 unless told
  /// @param maxHeldout at most as many of each kind are looked at; 1000 unless told
  public record Gate(
      double tolerance,
      Double answerTolerance,
      double maxBitsPerByte,
      int minHeldout,
      int maxHeldout) {
    static final Gate DEFAULT = new Gate(0, 0.1, 0, 0, 0);

    public Gate {
      answerTolerance = answerTolerance == null ? 0.1 : answerTolerance;
      maxBitsPerByte = maxBitsPerByte == 0 ? 8 : maxBitsPerByte;
      minHeldout = minHeldout == 0 ? 5 : minHeldout;
      maxHeldout = maxHeldout == 0 ? Math.max(1000, minHeldout) : maxHeldout;
      requirePositive("max_bits_per_byte", maxBitsPerByte);
      if (!(tolerance > -1) || !(answerTolerance > -1)) {
        throw new IllegalArgumentException(
            "tolerance and answer_tolerance must be above -1, but they are "
                + tolerance
                + " and "
                + answerTolerance);
      }
      if (minHeldout < 1 || maxHeldout < minHeldout) {
        throw new IllegalArgumentException(
            "min_heldout must be at least 1 and at most max_heldout, but they are "
                + minHeldout
                + " and "
                + maxHeldout);
      }
    }
  }
}
