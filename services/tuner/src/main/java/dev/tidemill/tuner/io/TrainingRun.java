package dev.tidemill.tuner.io;

import dev.tidemill.model.train.LearningRateSchedule;
import dev.tidemill.model.train.NonFiniteLossException;
import dev.tidemill.model.train.StepResult;
import dev.tidemill.model.train.Trainer;
import dev.tidemill.model.train.TrainingExample;
import dev.tidemill.platform.window.BatchPlan;
import dev.tidemill.platform.window.WindowMeters;
import dev.tidemill.platform.window.WindowTrainer.Progress;
import dev.tidemill.tuner.TunerConfig.Training;
import dev.tidemill.tuner.domain.TrainingSet;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The steps of one window: first answers to learn, then answers to prefer, then rated ones.
///
/// A batch whose loss is not finite ends the run before it changes anything. The window is
/// published all the same, with a gate that failed: the data stay accounted for, no release can
/// come of it, and one bad batch does not stop the lineage for ever.
final class TrainingRun {

  /// What a run came to.
  ///
  /// @param trouble one sentence naming the batch that was not finite; null when none was
  record Result(
      int epochs,
      long steps,
      long tokens,
      double seconds,
      double firstLoss,
      double lastLoss,
      @Nullable String trouble) {
    double tokensPerSecond() {
      return seconds > 0 ? tokens / seconds : 0;
    }
  }

  private final Training training;
  private final double learningRate;
  private final Trainer trainer;
  private final TrainingSet set;
  private final long seed;
  private final WindowMeters meters;
  private final Progress progress;
  private final long began = System.nanoTime();
  private long steps;
  private long tokens;
  private double firstLoss = Double.NaN;
  private double lastLoss = Double.NaN;
  private @Nullable String trouble;

  /// @param learningRate of answers to learn
  TrainingRun(
      Training training,
      double learningRate,
      Trainer trainer,
      TrainingSet set,
      long seed,
      WindowMeters meters,
      Progress progress) {
    this.training = training;
    this.learningRate = learningRate;
    this.trainer = trainer;
    this.set = set;
    this.seed = seed;
    this.meters = meters;
    this.progress = progress;
  }

  Result run() {
    int[] lengths = set.sft().stream().mapToInt(e -> e.tokens().length).toArray();
    int epochs = training.epochsFor(plan(lengths, 1).size());
    List<List<Integer>> batches = plan(lengths, epochs);
    LearningRateSchedule rates =
        training.schedule().of(learningRate, batches.size(), training.warmUpShare());
    for (int i = 0; i < batches.size() && trouble == null; i++) {
      List<TrainingExample> batch = batches.get(i).stream().map(set.sft()::get).toList();
      List<Integer> indices = batches.get(i);
      step(
          rate -> trainer.step(batch, rate),
          rates.at(i),
          () -> "examples " + indices.stream().map(at -> set.sources().get(at).getId()).toList());
    }
    preferences();
    ratings();
    return new Result(
        epochs, steps, tokens, (System.nanoTime() - began) / 1e9, firstLoss, lastLoss, trouble);
  }

  private void preferences() {
    int[] lengths =
        set.pairs().stream()
            .mapToInt(p -> 2 * Math.max(p.chosen().tokens().length, p.rejected().tokens().length))
            .toArray();
    compared(
        set.pairs(),
        lengths,
        "preferences",
        (batch, rate) -> trainer.preferenceStep(batch, rate, training.preferenceBeta()));
  }

  private void ratings() {
    int[] lengths =
        set.rated().stream().mapToInt(r -> r.prompt().length + r.answer().length).toArray();
    compared(
        set.rated(),
        lengths,
        "ratings",
        (batch, rate) -> trainer.ratedStep(batch, rate, training.ratingObjective()));
  }

  /// A step on a batch of what is measured from where training began.
  private interface Compared<T> {
    StepResult step(List<T> batch, double rate);
  }

  private <T> void compared(List<T> all, int[] lengths, String what, Compared<T> compared) {
    List<List<Integer>> batches = plan(lengths, training.preferenceEpochs());
    LearningRateSchedule rates =
        training
            .schedule()
            .of(training.preferenceLearningRate(), batches.size(), training.warmUpShare());
    for (int i = 0; i < batches.size() && trouble == null; i++) {
      List<T> batch = batches.get(i).stream().map(all::get).toList();
      int number = i;
      step(
          rate -> compared.step(batch, rate), rates.at(i), () -> "batch " + number + " of " + what);
    }
  }

  private void step(DoubleFunction<StepResult> step, double rate, Supplier<String> batch) {
    progress.step();
    try {
      StepResult result = step.apply(rate);
      steps++;
      tokens += result.tokens();
      lastLoss = result.loss();
      if (steps == 1) {
        firstLoss = result.loss();
      }
      meters.training(result.loss(), tokens / ((System.nanoTime() - began) / 1e9));
    } catch (NonFiniteLossException refused) {
      trouble = refused.getMessage() + " The batch was " + batch.get() + ".";
    }
  }

  private List<List<Integer>> plan(int[] lengths, int epochs) {
    int[] each = new int[lengths.length];
    Arrays.fill(each, epochs);
    return BatchPlan.of(lengths, each, training.batchTokens(), training.batchExamples(), seed);
  }
}
