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
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/// How fast sequences are decoded: a Llama shape of 220 M parameters with random weights in bf16,
/// alone, eight at once, eight with eight adapters, and with linears in 8 bits; beside what memory
/// gives when it is merely read, and beside Transformers' `generate` where a Python that has it is
/// named.
///
/// The parts take turns, round after round, and the best round of each counts: a neighbour on the
/// machine slows some of them, never all.
@CommandLine.Command(name = "decode-speed", mixinStandardHelpOptions = true)
public final class DecodeSpeed implements Callable<Integer> {
  private static final int BATCH = 8;
  private static final int PROMPT = 64;
  private static final double SHARE_BAR = 0.8;
  private static final double PEER_BAR = 2;
  private static final double ADAPTERS_BAR = 0.9;
  private static final double INT8_BAR = 1.6;
  private static final double PERPLEXITY_BAR = 0.01;

  @CommandLine.Option(
      names = "--quick",
      description = "a smaller shape, few tokens: to see that it runs")
  private boolean quick;

  @CommandLine.Option(names = "--rounds", description = "default: ${DEFAULT-VALUE}")
  private int rounds = 3;

  @CommandLine.Option(names = "--tokens", description = "a round; default: ${DEFAULT-VALUE}")
  private int tokens = 40;

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
      description =
          "a Python with torch and transformers, for the peer; TIDEMILL_PEER_PYTHON unless told")
  private @Nullable String python = System.getenv("TIDEMILL_PEER_PYTHON");

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
    Best one = new Best();
    Best eight = new Best();
    try (BaseModel bf16 = BaseModel.loadToServe(stored, WeightFormat.AS_STORED);
        Generator wide = new Generator(bf16)) {
      report.count("parameters", bf16.parameters());
      if (parts.contains(Part.SPEED)) {
        forms(report, folder, stored, wide, one, eight);
        gap(report, wide);
      } else {
        for (int round = 0; round < rounds + 1; round++) {
          one.add(round > 0, decode(wide, List.of(), 1).usual());
          eight.add(round > 0, decode(wide, List.of(), BATCH).usual());
        }
      }
    }
    if (parts.contains(Part.PEER)) {
      peer(report, stored, BATCH / eight.seconds, 1 / one.seconds);
    }
  }

  private void forms(Report report, Path folder, Path stored, Generator wide, Best one, Best eight)
      throws InterruptedException {
    try (BaseModel int8 = BaseModel.loadToServe(stored, WeightFormat.INT8);
        Generator narrow = new Generator(int8)) {
      List<Adapter> adapters = adapters(folder, wide.base());
      double read = Double.MAX_VALUE;
      Best mixed = new Best();
      Best mix = new Best();
      Best small = new Best();
      Best smallEight = new Best();
      Best prompts = new Best();
      for (int round = 0; round < rounds + 1; round++) {
        // The first round warms up.
        boolean counts = round > 0;
        double reading = ReadBandwidth.secondsPerByte(threads);
        read = counts ? Math.min(read, reading) : read;
        one.add(counts, decode(wide, List.of(), 1).usual());
        eight.add(counts, decode(wide, List.of(), BATCH).usual());
        Steps steps = decode(wide, adapters, BATCH);
        mixed.add(counts, steps.usual());
        mix.add(counts, steps.first());
        small.add(counts, decode(narrow, List.of(), 1).usual());
        smallEight.add(counts, decode(narrow, List.of(), BATCH).usual());
        prompts.add(counts, prefill(wide));
      }
      double limit = 1 / (read * SpeedShapes.bytesOfStep(wide.base().config()));
      report.figure("memory read", 1e-9 / read, "GB/s");
      report.figure("tokens/s it allows, one sequence, bf16", limit, "tokens/s");
      report.figure("one sequence, bf16", 1 / one.seconds, "tokens/s");
      report.atLeast("  share of what memory allows", 1 / one.seconds / limit, SHARE_BAR, "");
      report.figure("eight sequences, bf16", BATCH / eight.seconds, "tokens/s");
      report.figure("eight with eight adapters, bf16", BATCH / mixed.seconds, "tokens/s");
      report.atLeast("  of the base alone", eight.seconds / mixed.seconds, ADAPTERS_BAR, "x");
      report.figure("  more for the first step", (mix.seconds - mixed.seconds) * 1e3, "ms");
      report.figure("one sequence, int8", 1 / small.seconds, "tokens/s");
      report.atLeast("  of bf16", one.seconds / small.seconds, INT8_BAR, "x");
      report.figure("eight sequences, int8", BATCH / smallEight.seconds, "tokens/s");
      report.figure("prompt, bf16", 1 / prompts.seconds, "tokens/s");
      adapters.forEach(Adapter::close);
    }
  }

  /// The least seconds of all rounds that count.
  private static final class Best {
    private double seconds = Double.MAX_VALUE;

    void add(boolean counts, double measured) {
      seconds = counts ? Math.min(seconds, measured) : seconds;
    }
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

  /// Seconds a step that draws one token for each sequence.
  ///
  /// @param first the step in which they are first decoded together
  private record Steps(double usual, double first) {}

  private Steps decode(Generator generator, List<Adapter> adapters, int batch) {
    List<DecodeState> states = new ArrayList<>();
    List<Sampler> samplers = new ArrayList<>();
    for (int i = 0; i < batch; i++) {
      @Nullable Adapter adapter = adapters.isEmpty() ? null : adapters.get(i);
      states.add(generator.start(prompt(generator, PROMPT, i), adapter));
      samplers.add(new Sampler(SamplingParameters.greedy(tokens)));
    }
    // The first tokens are drawn from what the prompts gave.
    generator.nextAll(states, samplers);
    double first = step(generator, states, samplers);
    step(generator, states, samplers);
    double[] seconds = new double[tokens];
    for (int step = 0; step < tokens; step++) {
      seconds[step] = step(generator, states, samplers);
    }
    states.forEach(DecodeState::close);
    Arrays.sort(seconds);
    return new Steps(seconds[tokens / 2], first);
  }

  private static double step(
      Generator generator, List<DecodeState> states, List<Sampler> samplers) {
    long begin = System.nanoTime();
    generator.nextAll(states, samplers);
    return (System.nanoTime() - begin) / 1e9;
  }

  /// Seconds a token of a prompt.
  private double prefill(Generator generator) {
    int length = quick ? 128 : 512;
    long begin = System.nanoTime();
    generator.start(prompt(generator, length, 1), null).close();
    return (System.nanoTime() - begin) / 1e9 / length;
  }

  /// The longest time that a running sequence waits while a long prompt is read.
  private void gap(Report report, Generator generator) {
    int length = quick ? 256 : 1024;
    DecodeState running = generator.start(prompt(generator, PROMPT, 2), null);
    Sampler greedy = new Sampler(SamplingParameters.greedy(999));
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
