package dev.tidemill.pretrainer;

import dev.tidemill.model.tokenizer.BpeTrainer.PreTokenizer;
import dev.tidemill.platform.window.WindowPolicy;
import dev.tidemill.pretrainer.domain.Course;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Section `pretrainer` of the settings.
///
/// @param name of the line of bases; the lineage is `pretrainer/<name>`; `base` unless told
/// @param tasks tasks that each base is proposed to; at least one
/// @param stateDirectory folder of the checkpoints; `state/pretrainer` unless told
/// @param threads of one native call; 0 leaves the engine as it is
/// @param window when a window closes
/// @param initialModel Hugging Face folder that the first window starts from; without one it
///   starts from `fresh`
/// @param fresh shape and tokenizer of a base that starts at random
/// @param batch how sequences are put together
/// @param optimizer AdamW
/// @param initial how the first window of a fresh base trains
/// @param continued how every other window trains
/// @param replay documents of earlier windows that train again
/// @param gate what a candidate must show
/// @param seed of everything random
public record PretrainerConfig(
    String name,
    List<String> tasks,
    Path stateDirectory,
    int threads,
    WindowPolicy window,
    @Nullable Path initialModel,
    Fresh fresh,
    Batch batch,
    Optimizer optimizer,
    Course initial,
    Course continued,
    Replay replay,
    Gate gate,
    long seed) {

  public PretrainerConfig {
    name = name == null ? "base" : name;
    tasks = tasks == null ? List.of() : List.copyOf(tasks);
    stateDirectory = stateDirectory == null ? Path.of("state", "pretrainer") : stateDirectory;
    window =
        window == null
            ? new WindowPolicy(0, Duration.ofSeconds(60), Duration.ofSeconds(5), 0)
            : window;
    fresh = fresh == null ? Fresh.DEFAULT : fresh;
    batch = batch == null ? new Batch(0, 0) : batch;
    optimizer = optimizer == null ? new Optimizer(0, 0, 0, 0) : optimizer;
    initial = initial == null ? Course.INITIAL : initial;
    continued = continued == null ? Course.CONTINUED : continued;
    replay = replay == null ? new Replay(0.25, 0) : replay;
    gate = gate == null ? new Gate(0, 0) : gate;
    if (tasks.isEmpty()) {
      throw new IllegalArgumentException("tasks must name at least one task");
    }
    if (threads < 0) {
      throw new IllegalArgumentException("threads must not be negative, was " + threads);
    }
  }

  /// A base that starts at random; its tokenizer is learned from the first window's texts.
  ///
  /// @param vocabSize 2048 unless told
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
      matricesDeviation = matricesDeviation == 0 ? 1 / Math.sqrt(hiddenSize) : matricesDeviation;
      embeddingDeviation = embeddingDeviation == 0 ? 0.05 : embeddingDeviation;
      if (hiddenSize % heads != 0) {
        throw new IllegalArgumentException(
            "hidden_size must be a multiple of heads, but they are "
                + hiddenSize
                + " and "
                + heads);
      }
    }
  }

  /// How sequences are put together.
  ///
  /// @param maxTokens padding included; 192 unless told
  /// @param maxSequences 64 unless told
  public record Batch(int maxTokens, int maxSequences) {
    public Batch {
      maxTokens = maxTokens == 0 ? 192 : maxTokens;
      maxSequences = maxSequences == 0 ? 64 : maxSequences;
      if (maxTokens < 1 || maxSequences < 1) {
        throw new IllegalArgumentException("max_tokens and max_sequences must be at least 1");
      }
    }
  }

  /// AdamW, fresh in each window.
  ///
  /// @param beta1 0.9 unless told
  /// @param beta2 0.98 unless told
  /// @param weightDecay 0.1 unless told
  /// @param clipNorm 1 unless told
  public record Optimizer(double beta1, double beta2, double weightDecay, double clipNorm) {
    public Optimizer {
      beta1 = beta1 == 0 ? 0.9 : beta1;
      beta2 = beta2 == 0 ? 0.98 : beta2;
      weightDecay = weightDecay == 0 ? 0.1 : weightDecay;
      clipNorm = clipNorm == 0 ? 1 : clipNorm;
    }
  }

  /// Documents of earlier windows that train again.
  ///
  /// @param share of all documents of a window; 0.25 unless the section is there
  /// @param capacity documents kept; 20,000 unless told
  public record Replay(double share, int capacity) {
    public Replay {
      capacity = capacity == 0 ? 20_000 : capacity;
      if (!(share >= 0 && share < 1)) {
        throw new IllegalArgumentException("share must be from 0 up to but not 1, was " + share);
      }
    }
  }

  /// What a candidate must show against the live base.
  ///
  /// @param tolerance how much higher bits per byte may be, as a share; may be negative
  /// @param minHeldout with fewer held-out items a check is not made; 5 unless told
  public record Gate(double tolerance, int minHeldout) {
    public Gate {
      minHeldout = minHeldout == 0 ? 5 : minHeldout;
    }
  }
}
