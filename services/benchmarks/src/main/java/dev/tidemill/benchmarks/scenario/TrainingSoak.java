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
import dev.tidemill.model.train.RatedExample;
import dev.tidemill.model.train.RatingObjective;
import dev.tidemill.model.train.Trainer;
import dev.tidemill.model.train.TrainingExample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import picocli.CommandLine;

/// Steps of all objectives by turns, on batches of all sizes: resident memory must not grow.
///
/// What is compared is the mean of the resident memory after each step of the last three tenths
/// with that of the three tenths after the warm-up, which is the first fifth: in it the engine
/// meets most shapes. Three, because what the allocator keeps for reuse goes up and down with the
/// pace of the machine, by some 2 % from one tenth to the next.
///
/// The steps run in a process of their own whose Java heap is fixed and touched at its
/// start; the allocator is set as the launcher sets it.
@CommandLine.Command(name = "training-soak", mixinStandardHelpOptions = true)
public final class TrainingSoak implements Callable<Integer> {
  private static final int VOCABULARY = 1024;
  private static final int TENTHS = 10;
  private static final int WARM_UP = 2;
  private static final int COMPARED = 3;
  private static final double RATE = 1e-4;
  private static final RatingObjective RATINGS = new RatingObjective(0.1, 1, 1);
  private static final DecoderConfig CONFIG =
      new DecoderConfig(VOCABULARY, 128, 352, 4, 4, 2, 32, 1e-5, 10_000, 512, true, 1, 4);

  @CommandLine.Option(names = "--steps", description = "default: ${DEFAULT-VALUE}")
  private int steps = 2000;

  @CommandLine.Option(names = "--threads", description = "default: ${DEFAULT-VALUE}")
  private int threads = 1;

  @CommandLine.Option(names = "--heap", description = "Java's; default: ${DEFAULT-VALUE}")
  private String heap = "192m";

  @CommandLine.Option(names = "--here", hidden = true)
  private boolean here;

  public static void main(String[] args) {
    System.exit(new CommandLine(new TrainingSoak()).execute(args));
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    return here ? soak() : child();
  }

  private int child() throws IOException, InterruptedException {
    List<String> command =
        ChildJava.command(
            TrainingSoak.class,
            List.of("-XX:+UseSerialGC", "-Xms" + heap, "-Xmx" + heap, "-XX:+AlwaysPreTouch"),
            List.of("--here", "--steps=" + steps, "--threads=" + threads));
    return new ProcessBuilder(command).inheritIO().start().waitFor();
  }

  private int soak() throws IOException {
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
      List<RatedExample> rated = rated(pairs);
      Random random = new Random(3);
      double[] means = new double[TENTHS];
      int tenth = Math.max(1, steps / TENTHS);
      int all = tenth * TENTHS;
      long tensors = 0;
      long begin = System.nanoTime();
      double busy = processorMillis();
      for (int step = 0; step < all; step++) {
        switch (step % 6) {
          case 0 -> full.step(text(draw(answers, 8, random)), RATE);
          case 1 -> lora.step(draw(answers, 8, random), RATE);
          case 2 -> lora.step(text(draw(answers, 8, random)), RATE);
          case 3 -> lora.preferenceStep(draw(pairs, 3, random), RATE, 0.1);
          case 4 -> lora.ratedStep(draw(rated, 5, random), RATE, RATINGS);
          default -> {
            List<TrainingExample> whole = draw(answers, 8, random);
            lora.accumulatedStep(
                List.of(whole.subList(0, 1), whole.subList(1, whole.size())), RATE);
          }
        }
        means[step / tenth] += Resident.nowMib() / tenth;
        tensors = step == tenth ? Engine.memory().liveTensors() : tensors;
        if ((step + 1) % tenth == 0) {
          int number = step / tenth;
          report.figure("resident, tenth %d of 10".formatted(number + 1), means[number], "MiB");
        }
      }
      report.figure("in huge pages at the end", Resident.hugeMib(), "MiB");
      report.figure("a step", (System.nanoTime() - begin) / 1e6 / all, "ms");
      report.figure("a step, of processors", (processorMillis() - busy) / all, "ms");
      report.count("steps", all);
      report.none("native tensors more", Engine.memory().liveTensors() - tensors);
      report.atMost(
          "growth of resident memory, tenths 8 to 10 over 3 to 5",
          (mean(means, TENTHS - COMPARED) / mean(means, WARM_UP) - 1) * 100,
          2,
          "%");
    }
    return report.exitCode();
  }

  /// Of so many tenths as are compared.
  private static double mean(double[] tenths, int from) {
    return Arrays.stream(tenths, from, from + COMPARED).average().orElseThrow();
  }

  /// What this process has had of the processors, whatever else ran.
  private static double processorMillis() {
    return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO).toMillis();
  }

  /// Chosen answers as good ones, rejected ones as bad.
  private static List<RatedExample> rated(List<PreferencePair> pairs) {
    List<RatedExample> rated = new ArrayList<>();
    for (PreferencePair pair : pairs) {
      rated.add(rated(pair.chosen(), true));
      rated.add(rated(pair.rejected(), false));
    }
    return rated;
  }

  private static RatedExample rated(TrainingExample answered, boolean good) {
    int[] tokens = answered.tokens();
    int prompt = tokens.length - answered.labelledTokens();
    return new RatedExample(
        Arrays.copyOf(tokens, prompt), Arrays.copyOfRange(tokens, prompt, tokens.length), good, 1);
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
