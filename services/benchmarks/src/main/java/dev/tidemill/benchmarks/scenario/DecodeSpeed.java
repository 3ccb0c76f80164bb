package dev.tidemill.benchmarks.scenario;

import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.Engine;
import dev.tidemill.model.LoraConfig;
import dev.tidemill.model.WeightFormat;
import dev.tidemill.model.generate.DecodeState;
import dev.tidemill.model.generate.Generator;
import dev.tidemill.model.generate.Sampler;
import dev.tidemill.model.generate.SamplingParameters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/// How fast sequences are decoded: a Llama shape of 220 M parameters with random weights in bf16,
/// alone, eight at once, eight with eight adapters, and with linears in 8 bits; beside what memory
/// gives when it is merely read, and beside Transformers' `generate` where a Python that has it is
/// named.
///
/// All of them take turns, step after step, and the median of each counts, of two that are compared
/// the median of their ratios in each turn: what a neighbour does to the machine, he does to both.
@CommandLine.Command(name = "decode-speed", mixinStandardHelpOptions = true)
public final class DecodeSpeed implements Callable<Integer> {
  private static final int BATCH = 8;
  private static final int PROMPT = 64;

  /// Steps after which the JVM has compiled what a step goes through.
  private static final int WARM_UP = 200;

  private static final int TURNS_BEFORE = 10;
  private static final double SHARE_BAR = 0.8;
  private static final double PEER_BAR = 2;
  private static final double ADAPTERS_BAR = 0.9;
  private static final double INT8_BAR = 1.6;
  private static final double PERPLEXITY_BAR = 0.01;

  @CommandLine.Option(
      names = "--quick",
      description = "a smaller shape, few tokens: to see that it runs")
  private boolean quick;

  @CommandLine.Option(
      names = "--tokens",
      description = "of each sequence; default: ${DEFAULT-VALUE}")
  private int tokens = 100;

  @CommandLine.Option(
      names = "--parts",
      split = ",",
      description = "what is measured: ${COMPLETION-CANDIDATES}; all unless told")
  private Set<Part> parts = EnumSet.allOf(Part.class);

  @CommandLine.Option(
      names = "--threads",
      description = "of one native call; all cores unless told")
  private int threads = Runtime.getRuntime().availableProcessors();

  @CommandLine.Option(
      names = "--python",
      description = "a Python with torch and transformers, for the peer; without, there is none")
  private @Nullable String python;

  /// What can be measured by itself.
  private enum Part {
    /// Our own speed, in every form.
    SPEED,
    /// What rounding to 8 bits does to a trained model.
    PERPLEXITY,
    /// Our speed at one and at eight sequences, beside Transformers'.
    PEER
  }

  public static void main(String[] args) {
    System.exit(new CommandLine(new DecodeSpeed()).execute(args));
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    Engine.setThreads(threads);
    Report report = new Report(System.out);
    Path folder = Files.createTempDirectory("decode-speed");
    try {
      if (parts.contains(Part.SPEED) || parts.contains(Part.PEER)) {
        measure(report, folder, SpeedShapes.write(folder.resolve("base"), quick));
      }
      if (parts.contains(Part.PERPLEXITY)) {
        perplexity(report, folder);
      }
    } finally {
      SpeedShapes.delete(folder);
    }
    return report.exitCode();
  }

  private void measure(Report report, Path folder, Path stored)
      throws IOException, InterruptedException {
    report.count("threads of a call", threads);
    try (BaseModel bf16 = BaseModel.loadToServe(stored, WeightFormat.AS_STORED);
        Generator wide = new Generator(bf16)) {
      report.count("parameters", bf16.parameters());
      Form one = warm(wide, List.of(), 1);
      Form eight = warm(wide, List.of(), BATCH);
      if (parts.contains(Part.SPEED)) {
        forms(report, folder, stored, one, eight);
        gap(report, wide);
      } else {
        takeTurns(List.of(one, eight));
      }
      if (parts.contains(Part.PEER)) {
        peer(report, stored, BATCH / eight.median(), 1 / one.median());
      }
      List.of(one, eight).forEach(Form::close);
    }
  }

  private void forms(Report report, Path folder, Path stored, Form one, Form eight) {
    try (BaseModel int8 = BaseModel.loadToServe(stored, WeightFormat.INT8);
        Generator narrow = new Generator(int8);
        ReadBandwidth memory = new ReadBandwidth(threads)) {
      Generator wide = one.generator;
      List<Adapter> adapters = adapters(folder, wide.base());
      Form mixed = warm(wide, adapters, BATCH);
      Form small = warm(narrow, List.of(), 1);
      Form smallEight = warm(narrow, List.of(), BATCH);
      Timed reading = new Timed(memory::read);
      Timed prompts = new Timed(() -> prefill(wide));
      takeTurns(List.of(reading, one, small, eight, mixed, smallEight));
      for (int i = 0; i < 4; i++) {
        prompts.take(i > 0);
      }
      double read = reading.median() / ReadBandwidth.BYTES;
      long bytes = SpeedShapes.bytesOfStep(wide.base().config());
      report.figure("memory read", 1e-9 / read, "GB/s");
      report.figure("tokens/s it allows, one sequence, bf16", 1 / (read * bytes), "tokens/s");
      report.figure("one sequence, bf16", 1 / one.median(), "tokens/s");
      double share = reading.times(one) * bytes / ReadBandwidth.BYTES;
      report.atLeast("  share of what memory allows", share, SHARE_BAR, "");
      report.figure("eight sequences, bf16", BATCH / eight.median(), "tokens/s");
      report.figure("eight with eight adapters, bf16", BATCH / mixed.median(), "tokens/s");
      report.atLeast("  of the base alone", eight.times(mixed), ADAPTERS_BAR, "x");
      report.figure("  more for the first step", (mixed.first - mixed.median()) * 1e3, "ms");
      report.figure("one sequence, int8", 1 / small.median(), "tokens/s");
      report.atLeast("  of bf16", one.times(small), INT8_BAR, "x");
      report.figure("eight sequences, int8", BATCH / smallEight.median(), "tokens/s");
      report.figure("prompt, bf16", promptTokens() / prompts.median(), "tokens/s");
      List.of(mixed, small, smallEight).forEach(Form::close);
      adapters.forEach(Adapter::close);
    }
  }

  /// One of which others of its kind have done some steps.
  private static Form warm(Generator generator, List<Adapter> adapters, int batch) {
    Form before = new Form(generator, adapters, batch);
    for (int step = 0; step < WARM_UP; step++) {
      before.take(false);
    }
    before.close();
    return new Form(generator, adapters, batch);
  }

  /// Each does a step after the other, again and again.
  private void takeTurns(List<? extends Timed> all) {
    for (int turn = -TURNS_BEFORE; turn < tokens; turn++) {
      for (Timed each : all) {
        each.take(turn >= 0);
      }
    }
  }

  /// What is done many times, and how long that takes.
  private static class Timed {
    private final Runnable step;
    private final List<Double> seconds = new ArrayList<>();

    Timed(Runnable step) {
      this.step = step;
    }

    /// Does it once.
    ///
    /// @return seconds
    double take(boolean counts) {
      long begin = System.nanoTime();
      step.run();
      double taken = (System.nanoTime() - begin) / 1e9;
      if (counts) {
        seconds.add(taken);
      }
      return taken;
    }

    double median() {
      return Report.median(seconds.stream().mapToDouble(Double::doubleValue).toArray());
    }

    /// How many times as long it takes as another: the median of their turns.
    double times(Timed other) {
      double[] ratios = new double[seconds.size()];
      for (int turn = 0; turn < ratios.length; turn++) {
        ratios[turn] = seconds.get(turn) / other.seconds.get(turn);
      }
      return Report.median(ratios);
    }
  }

  /// Sequences that are decoded together, a token each in a step.
  private static final class Form extends Timed {
    private final Generator generator;
    private final List<DecodeState> states;

    /// Of the step in which they are first decoded together.
    private final double first;

    Form(Generator generator, List<Adapter> adapters, int batch) {
      this(generator, states(generator, adapters, batch), samplers(batch));
    }

    private Form(Generator generator, List<DecodeState> states, List<Sampler> samplers) {
      super(() -> generator.nextAll(states, samplers));
      this.generator = generator;
      this.states = states;
      // The first tokens are drawn from what the prompts gave.
      take(false);
      first = take(false);
    }

    void close() {
      states.forEach(DecodeState::close);
    }
  }

  private static List<Sampler> samplers(int count) {
    return Stream.generate(DecodeSpeed::greedy).limit(count).toList();
  }

  /// How many tokens there are is decided by who asks for the next.
  private static Sampler greedy() {
    return new Sampler(SamplingParameters.greedy(999));
  }

  private static List<DecodeState> states(Generator generator, List<Adapter> adapters, int batch) {
    List<DecodeState> states = new ArrayList<>();
    for (int i = 0; i < batch; i++) {
      @Nullable Adapter adapter = adapters.isEmpty() ? null : adapters.get(i);
      states.add(generator.start(prompt(generator, PROMPT, i), adapter));
    }
    return states;
  }

  private static List<Adapter> adapters(Path folder, BaseModel base) {
    List<Adapter> adapters = new ArrayList<>();
    for (int i = 0; i < BATCH; i++) {
      adapters.add(
          SpeedShapes.adapter(
              folder.resolve("adapter-" + i), LoraConfig.allLinears(16, 32), base.config(), i));
    }
    return adapters;
  }

  private void prefill(Generator generator) {
    generator.start(prompt(generator, promptTokens(), 1), null).close();
  }

  private int promptTokens() {
    return quick ? 128 : 512;
  }

  /// The longest time that a running sequence waits while a long prompt is read.
  private void gap(Report report, Generator generator) {
    int length = quick ? 256 : 1024;
    DecodeState running = generator.start(prompt(generator, PROMPT, 2), null);
    Sampler greedy = greedy();
    DecodeState reading =
        generator.begin(prompt(generator, length, 3), null, 8, null).orElseThrow();
    long longest = 0;
    long begin = System.nanoTime();
    boolean read = false;
    while (!read) {
      long before = System.nanoTime();
      read = generator.read(reading);
      generator.next(running, greedy);
      longest = Math.max(longest, System.nanoTime() - before);
    }
    double whole = (System.nanoTime() - begin) / 1e6;
    running.close();
    reading.close();
    report.figure("a prompt of " + length + " tokens beside another", whole, "ms");
    report.figure("  longest gap between tokens of the other", longest / 1e6, "ms");
  }

  private static void perplexity(Report report, Path folder) throws IOException {
    try (LearnedText learned = LearnedText.train(folder.resolve("learned"))) {
      double exact = learned.perplexity(WeightFormat.FP32);
      report.figure("perplexity of a trained model, fp32", exact, "");
      report.figure("  bf16, more than it", learned.perplexity(WeightFormat.BF16) / exact - 1, "");
      double rounded = learned.perplexity(WeightFormat.INT8) / exact - 1;
      report.atMost("  int8, more than it", rounded, PERPLEXITY_BAR, "");
    }
  }

  private void peer(Report report, Path stored, double eight, double one)
      throws IOException, InterruptedException {
    if (python == null) {
      System.out.println("        no peer: name a Python with transformers by --python");
      return;
    }
    double theirs =
        TransformersPeer.tokensPerSecond(python, stored, BATCH, PROMPT, tokens, threads);
    report.figure("Transformers, eight sequences, bf16", theirs, "tokens/s");
    report.atLeast("  ours of theirs", eight / theirs, PEER_BAR, "x");
    double alone = TransformersPeer.tokensPerSecond(python, stored, 1, PROMPT, tokens, threads);
    report.figure("Transformers, one sequence, bf16", alone, "tokens/s");
    report.figure("  ours of theirs", one / alone, "x");
  }

  private static int[] prompt(Generator generator, int length, long seed) {
    return new Random(seed).ints(length, 5, generator.base().config().vocabSize()).toArray();
  }
}
