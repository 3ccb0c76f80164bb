package dev.tidemill.pretrainer.io;

import dev.tidemill.events.CuratedDocument;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.train.LearningRateSchedule;
import dev.tidemill.model.train.NonFiniteLossException;
import dev.tidemill.model.train.StepResult;
import dev.tidemill.model.train.Trainer;
import dev.tidemill.model.train.TrainingExample;
import dev.tidemill.platform.window.BatchPlan;
import dev.tidemill.platform.window.WindowMeters;
import dev.tidemill.platform.window.WindowTrainer.Progress;
import dev.tidemill.pretrainer.PretrainerConfig.Batch;
import dev.tidemill.pretrainer.domain.Course;
import dev.tidemill.pretrainer.domain.Sequences;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The steps of one window.
///
/// A batch whose loss is not finite ends the run before it changes anything. The window is
/// published all the same, with a gate that failed: its documents stay accounted for, no release
/// can come of it, and the lineage goes on.
final class BaseRun {
  private static final int REPORT_EVERY = 10;

  private final Course course;
  private final Batch batch;
  private final WindowMeters meters;
  private final Progress progress;
  private final Map<String, Double> metrics = new TreeMap<>();
  private @Nullable String trouble;

  BaseRun(Course course, Batch batch, WindowMeters meters, Progress progress) {
    this.course = course;
    this.batch = batch;
    this.meters = meters;
    this.progress = progress;
  }

  /// What was measured; every number is finite.
  Map<String, Double> metrics() {
    return metrics;
  }

  /// One sentence naming the step that was not finite; null when none was.
  @Nullable String trouble() {
    return trouble;
  }

  /// Trains documents as often as the course says.
  void train(Trainer trainer, BaseModel base, List<CuratedDocument> documents, long seed) {
    List<TrainingExample> sequences = new ArrayList<>();
    List<Integer> epochs = new ArrayList<>();
    long empty = 0;
    for (CuratedDocument document : documents) {
      List<TrainingExample> cut = sequences(base, document);
      empty += cut.isEmpty() ? 1 : 0;
      for (TrainingExample sequence : cut) {
        sequences.add(sequence);
        epochs.add(course.epochsOf(document.getSource()));
      }
    }
    meters.skipped("empty", empty);
    progress.step();
    List<List<Integer>> plan =
        BatchPlan.of(
            sequences.stream().mapToInt(s -> s.tokens().length).toArray(),
            epochs.stream().mapToInt(Integer::intValue).toArray(),
            batch.maxTokens(),
            batch.maxSequences(),
            seed);
    metrics.put("sequences", (double) sequences.size());
    steps(trainer, sequences, plan);
  }

  /// The sequences of a document, as long as the base takes them.
  static List<TrainingExample> sequences(BaseModel base, CuratedDocument document) {
    return Sequences.of(
        base.tokenizer().encodeText(document.getText()),
        base.config().eosTokenId(),
        base.config().maxPositions());
  }

  private void steps(Trainer trainer, List<TrainingExample> sequences, List<List<Integer>> plan) {
    LearningRateSchedule rate = course.schedule(plan.size());
    Pace all = new Pace();
    Pace lately = new Pace();
    for (int step = 0; step < plan.size() && trouble == null; step++) {
      progress.step();
      List<TrainingExample> examples = plan.get(step).stream().map(sequences::get).toList();
      try {
        StepResult result = trainer.step(examples, rate.at(step));
        all.add(result);
        lately.add(result);
      } catch (NonFiniteLossException refused) {
        trouble = "step %d of %d: %s".formatted(step + 1, plan.size(), refused.getMessage());
      }
      boolean last = trouble != null || step + 1 == plan.size();
      if (lately.steps > 0 && (last || lately.steps == REPORT_EVERY)) {
        report(lately);
        lately = new Pace();
      }
    }
    metrics.put("steps", (double) all.steps);
    metrics.put("tokens", (double) all.tokens);
    metrics.put("seconds", all.seconds());
    metrics.put("tokens_per_second", all.tokensPerSecond());
  }

  private void report(Pace lately) {
    meters.training(lately.loss(), lately.tokensPerSecond());
    metrics.putIfAbsent("loss_first", lately.loss());
    metrics.put("loss_last", lately.loss());
  }

  /// Loss and speed since it was made.
  private static final class Pace {
    private final long since = System.nanoTime();
    private double losses;
    private int steps;
    private long tokens;

    void add(StepResult result) {
      losses += result.loss();
      steps++;
      tokens += result.tokens();
    }

    double loss() {
      return losses / steps;
    }

    double seconds() {
      return Math.max(1, System.nanoTime() - since) / 1e9;
    }

    double tokensPerSecond() {
      return tokens / seconds();
    }
  }
}
