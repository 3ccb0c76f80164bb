package dev.tidemill.tuner;

import dev.tidemill.model.BitFitConfig;
import dev.tidemill.model.BottleneckConfig;
import dev.tidemill.model.BottleneckConfig.Activation;
import dev.tidemill.model.PrefixConfig;
import dev.tidemill.model.PromptConfig;
import dev.tidemill.model.TuningMethod;
import dev.tidemill.model.WeightsConfig;

/// Section `tuner.method`, and each of `tuner.methods`: how adapters of a task are made.
///
/// @param kind lora unless told, shaped by `tuner.lora`
/// @param layers how many layers from the end `last_layers` trains; 1 unless told
/// @param width of a `bottleneck`; 64 unless told
/// @param activation of a `bottleneck`; gelu unless told
/// @param virtualTokens of a `prefix` or a `prompt`; 20 unless told
/// @param startText words that a `prompt` starts from; drawn from the vocabulary unless told
/// @param learningRate of answers to learn; `training.learning_rate` unless told
public record MethodConfig(
    Kind kind,
    int layers,
    int width,
    Activation activation,
    int virtualTokens,
    String startText,
    double learningRate) {
  static final MethodConfig DEFAULTS = new MethodConfig(Kind.LORA, 0, 0, Activation.GELU, 0, "", 0);

  /// The tuning methods by the names that settings give them.
  public enum Kind {
    LORA,
    FULL,
    LAST_LAYERS,
    HEAD,
    BITFIT,
    BOTTLENECK,
    PREFIX,
    PROMPT
  }

  public MethodConfig {
    kind = kind == null ? Kind.LORA : kind;
    layers = layers == 0 ? 1 : layers;
    width = width == 0 ? 64 : width;
    activation = activation == null ? Activation.GELU : activation;
    virtualTokens = virtualTokens == 0 ? 20 : virtualTokens;
    startText = startText == null ? "" : startText;
    if (layers < 1 || width < 1 || virtualTokens < 1) {
      throw new IllegalArgumentException(
          "layers, width and virtual_tokens must be above 0, but they are %d, %d and %d"
              .formatted(layers, width, virtualTokens));
    }
    if (!(learningRate >= 0)) {
      throw new IllegalArgumentException(
          "learning_rate must not be negative, but is " + learningRate);
    }
  }

  /// As the model module takes it.
  public TuningMethod tuning(TunerConfig.Lora lora) {
    return switch (kind) {
      case LORA -> lora.config();
      case FULL -> WeightsConfig.full();
      case LAST_LAYERS -> WeightsConfig.lastLayers(layers);
      case HEAD -> WeightsConfig.head();
      case BITFIT -> new BitFitConfig();
      case BOTTLENECK -> new BottleneckConfig(width, activation);
      case PREFIX -> new PrefixConfig(virtualTokens);
      case PROMPT -> new PromptConfig(virtualTokens, startText);
    };
  }
}
