package dev.tidemill.tuner.io;

import dev.tidemill.model.BitFitConfig;
import dev.tidemill.model.BottleneckConfig;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.LoraConfig;
import dev.tidemill.model.PrefixConfig;
import dev.tidemill.model.PromptConfig;
import dev.tidemill.model.TuningMethod;
import dev.tidemill.model.WeightsConfig;
import dev.tidemill.tuner.TunerConfig;
import dev.tidemill.tuner.TunerConfig.Kind;
import dev.tidemill.tuner.domain.TrainingSet;
import java.util.Map;
import java.util.TreeMap;

/// What a published window says of its training.
final class TrainingAccount {
  private TrainingAccount() {}

  /// What it was trained with.
  static Map<String, Object> settings(
      TunerConfig.Training training,
      TuningMethod method,
      DecoderConfig base,
      double learningRate,
      int epochs) {
    Map<String, Object> settings = new TreeMap<>();
    settings.put("method", method.peftType());
    settings.put("trained_parameters", method.parameters(base));
    switch (method) {
      case LoraConfig lora -> {
        settings.put("rank", lora.rank());
        settings.put("alpha", lora.alpha());
        settings.put("target_modules", lora.targetModules());
      }
      case WeightsConfig weights -> {
        settings.put("part", weights.part().name());
        settings.put("layers", weights.layers());
      }
      case BitFitConfig biases -> settings.put("bias", "all");
      case BottleneckConfig bottleneck -> {
        settings.put("width", bottleneck.width());
        settings.put("activation", bottleneck.activation().name());
      }
      case PrefixConfig prefix -> settings.put("virtual_tokens", prefix.virtualTokens());
      case PromptConfig prompt -> {
        settings.put("virtual_tokens", prompt.virtualTokens());
        settings.put("nearest_words", prompt.nearest().stream().map(String::valueOf).toList());
      }
    }
    settings.put("ratings", training.ratings().name());
    settings.put("objectives", training.objectives().stream().map(Kind::name).sorted().toList());
    settings.put("epochs", epochs);
    settings.put("learning_rate", learningRate);
    settings.put("schedule", training.schedule().name());
    settings.put("warm_up_share", training.warmUpShare());
    settings.put("batch_examples", training.batchExamples());
    settings.put("batch_tokens", training.batchTokens());
    settings.put("weight_decay", training.weightDecay());
    settings.put("replay_share", training.replayShare());
    settings.put("confirmed_per_answer", training.confirmedPerAnswer());
    settings.put("seed", training.seed());
    return settings;
  }

  /// What came of it.
  static Map<String, Double> metrics(TrainingRun.Result result, TrainingSet news, TrainingSet all) {
    Map<String, Double> metrics = new TreeMap<>();
    metrics.put("steps", (double) result.steps());
    metrics.put("tokens", (double) result.tokens());
    metrics.put("seconds", result.seconds());
    metrics.put("tokens_per_second", result.tokensPerSecond());
    metrics.put("loss_first", result.firstLoss());
    metrics.put("loss_last", result.lastLoss());
    metrics.put("examples_trained", (double) news.sft().size());
    metrics.put("examples_replayed", (double) (all.sft().size() - news.sft().size()));
    metrics.put("pairs_trained", (double) news.pairs().size());
    metrics.put("ratings_trained", (double) news.rated().size());
    metrics.put("examples_too_long", (double) news.tooLong());
    metrics.values().removeIf(value -> !Double.isFinite(value));
    return metrics;
  }
}
