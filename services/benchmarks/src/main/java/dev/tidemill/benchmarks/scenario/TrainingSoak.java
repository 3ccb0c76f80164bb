package dev.tidemill.benchmarks.scenario;

import dev.tidemill.benchmarks.scenario.training.Instructions;
import dev.tidemill.benchmarks.scenario.training.Resident;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.Engine;
import dev.tidemill.model.LoraConfig;
import dev.tidemill.model.tokenizer.BpeTrainer;
import dev.tidemill.model.train.OptimizerConfig;
import dev.tidemill.model.train.Precision;
import dev.tidemill.model.train.PreferencePair;
import dev.tidemill.model.train.Trainer;
import dev.tidemill.model.train.TrainingExample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import picocli.CommandLine;

/// Many steps of all objectives by turns, on batches of all sizes: resident memory must not grow.
///
/// Memory is the mean over a tenth of the run: that of the last beside that of the one after the
/// first three, by when every shape has been met. The Java heap should be fixed (`-Xms` equal to
/// `-Xmx`, with `-XX:+AlwaysPreTouch`), or its growth is measured too.
@CommandLine.Command(name = "training-soak", mixinStandardHelpOptions = true)
public final class TrainingSoak implements Callable<Integer> {
  private static final int VOCABULARY = 1024;
  private static final DecoderConfig CONFIG =
      new DecoderConfig(VOCABULARY, 128, 352, 4, 4, 2, 32, 1e-5, 10_000, 512, true, 1, 4);

  @CommandLine.Option(names = "--steps", description = "default: ${DEFAULT-VALUE}")
  private int steps = 2000;

  @CommandLine.Option(names = "--threads", description = "default: ${DEFAULT-VALUE}")
  private int threads = 2;

  public static void main(String[] args) {
    System.exit(new CommandLine(new TrainingSoak()).execute(args));
  }

  @Override
  public Integer call() throws IOException {
    Engine.setThreads(threads);
    Report report = new Report(System.out);
    Path work = Files.createTempDirectory("training-soak");
    Path tokenizer = work.resolve("tokenizer.json");
    Corpus corpus = new Corpus(5);
    List<String> texts = List.of(corpus.document(1).getText(), corpus.document(2).getText());
    BpeTrainer.train(texts, VOCABULARY, BpeTrainer.CHAT_TOKENS, tokenizer);
    BaseModel.initialise(work.resolve("base"), CONFIG, tokenizer, 3);
    OptimizerConfig optimizer = OptimizerConfig.defaults(1);
    try (BaseModel base = BaseModel.load(work.resolve("base"));
        Trainer full = Trainer.full(base, optimizer, Precision.BF16);
        Trainer lora = Trainer.tune(base, LoraConfig.allLinears(8, 16), optimizer)) {
      Instructions data = new Instructions(VOCABULARY, 11);
      List<TrainingExample> answers = data.answers(400, null, base.tokenizer());
      List<PreferencePair> pairs = data.pairs(100, null, base.tokenizer());
      Random random = new Random(3);
      double[] sums = new double[10];
      int tenth = Math.max(1, steps / 10);
      long tensors = 0;
      for (int step = 0; step < tenth * 10; step++) {
        step(step, full, lora, draw(answers, 8, random), draw(pairs, 3, random));
        sums[step / tenth] += Resident.nowMib() / tenth;
        tensors = step == tenth ? Engine.memory().liveTensors() : tensors;
      }
      for (int i = 0; i < sums.length; i++) {
        report.figure("resident, tenth %d of 10".formatted(i + 1), sums[i], "MiB");
      }
      report.count("steps", tenth * 10L);
      report.none("native tensors more", Engine.memory().liveTensors() - tensors);
      report.atMost("growth of resident memory", (sums[9] / sums[3] - 1) * 100, 2, "%");
    }
    return report.exitCode();
  }

  /// By turns: text with all weights, answers and text with an adapter, preferences, a batch in
  /// parts.
  private static void step(
      int step,
      Trainer full,
      Trainer lora,
      List<TrainingExample> answers,
      List<PreferencePair> pairs) {
    double rate = 1e-4;
    switch (step % 5) {
      case 0 -> full.step(text(answers), rate);
      case 1 -> lora.step(answers, rate);
      case 2 -> lora.step(text(answers), rate);
      case 3 -> lora.preferenceStep(pairs, rate, 0.1);
      default ->
          lora.accumulatedStep(
              List.of(answers.subList(0, 1), answers.subList(1, answers.size())), rate);
    }
  }

  private static List<TrainingExample> text(List<TrainingExample> answers) {
    return answers.stream().map(answer -> TrainingExample.text(answer.tokens())).toList();
  }

  private static <T> List<T> draw(List<T> from, int most, Random random) {
    int count = 2 + random.nextInt(most - 1);
    List<T> drawn = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      drawn.add(from.get(random.nextInt(from.size())));
    }
    return drawn;
  }
}
