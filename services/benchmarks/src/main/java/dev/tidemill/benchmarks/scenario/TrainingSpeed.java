package dev.tidemill.benchmarks.scenario;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.benchmarks.scenario.training.Instructions;
import dev.tidemill.benchmarks.scenario.training.Peer;
import dev.tidemill.benchmarks.scenario.training.Resident;
import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.Engine;
import dev.tidemill.model.LoraConfig;
import dev.tidemill.model.WeightFormat;
import dev.tidemill.model.tokenizer.BpeTrainer;
import dev.tidemill.model.train.BareProducts;
import dev.tidemill.model.train.OptimizerConfig;
import dev.tidemill.model.train.Precision;
import dev.tidemill.model.train.PreferencePair;
import dev.tidemill.model.train.StepResult;
import dev.tidemill.model.train.Trainer;
import dev.tidemill.model.train.TrainingExample;
import dev.tidemill.platform.window.BatchPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/// Training tokens a second on a 24 M-parameter Llama with LoRA on all linears, in bf16: dense
/// causal language modelling, instructions, preferences; what share of a dense step its bare matrix
/// products need; and, given a Python that has them, Transformers, PEFT and TRL beside it, with the
/// same weights, data, threads and allocator, and the loss on held examples afterwards as a check.
///
/// Tokens are those of the examples, padding not counted, prompts counted once for each answer.
@CommandLine.Command(name = "training-speed", mixinStandardHelpOptions = true)
public final class TrainingSpeed implements Callable<Integer> {
  private static final int VOCABULARY = 8192;
  private static final int POSITIONS = 2048;
  private static final int HELD = 60;
  private static final int PEER_BATCH = 16;
  private static final double RATE = 1e-3;
  private static final double BETA = 0.1;
  private static final LoraConfig LORA = LoraConfig.allLinears(16, 32);
  private static final DecoderConfig CONFIG =
      new DecoderConfig(VOCABULARY, 512, 1376, 7, 8, 4, 64, 1e-5, 10_000, 2048, true, 1, 4);

  @CommandLine.Option(names = "--quick", description = "few steps: figures are rough")
  private boolean quick;

  @CommandLine.Option(names = "--python", description = "interpreter with peers/requirements.txt")
  private @Nullable Path python;

  @CommandLine.Option(names = "--peers", description = "folder; default: ${DEFAULT-VALUE}")
  private Path peers = Path.of("services/benchmarks/peers");

  @CommandLine.Option(names = "--instructions", description = "file instead of made ones")
  private @Nullable Path instructions;

  @CommandLine.Option(names = "--preferences", description = "file instead of made ones")
  private @Nullable Path preferences;

  @CommandLine.Option(names = "--only", description = "causal, sft or dpo")
  private @Nullable String only;

  @CommandLine.Option(names = "--threads", description = "default: ${DEFAULT-VALUE}")
  private int threads = 2;

  private final Report report = new Report(System.out);
  private Path work = Path.of("");

  public static void main(String[] args) {
    System.exit(new CommandLine(new TrainingSpeed()).execute(args));
  }

  /// @param seconds of the steps after the first few
  /// @param median seconds of one of them
  private record Run(double seconds, double median, long tokens, double after) {
    double tokensPerSecond() {
      return tokens / seconds;
    }
  }

  @Override
  public Integer call() throws IOException {
    work = Files.createTempDirectory("training-speed");
    Engine.setThreads(threads);
    Path tokenizer = work.resolve("tokenizer.json");
    BpeTrainer.train(texts(), VOCABULARY, BpeTrainer.CHAT_TOKENS, tokenizer);
    BaseModel.initialise(work.resolve("base"), CONFIG, tokenizer, 3);
    try (BaseModel base = BaseModel.load(work.resolve("base"), WeightFormat.BF16);
        Adapter start = Adapter.initialise(LORA, base.config(), 5)) {
      start.save(work.resolve("adapter"));
      report.count("parameters", base.parameters());
      Instructions data = new Instructions(VOCABULARY, 11);
      if (only == null || only.equals("causal")) {
        causal(base, start, data);
      }
      if (only == null || only.equals("sft")) {
        sft(
            base,
            start,
            data.answers((warm() + steps()) * 17 + HELD, instructions, base.tokenizer()));
      }
      if (only == null || only.equals("dpo")) {
        dpo(base, start, data.pairs((warm() + steps()) * 7 + HELD, preferences, base.tokenizer()));
      }
      report.figure("peak resident memory", Resident.peakMib(), "MiB");
    }
    return report.exitCode();
  }

  private void causal(BaseModel base, Adapter start, Instructions data) throws IOException {
    List<List<TrainingExample>> batches = new ArrayList<>();
    for (int i = 0; i < warm() + steps(); i++) {
      batches.add(List.of(data.text(512), data.text(512), data.text(512), data.text(512)));
    }
    List<TrainingExample> held = List.of(data.text(512), data.text(512));
    Run ours;
    try (BareProducts bare = new BareProducts(CONFIG, LORA, Precision.BF16)) {
      // Before and after the steps, for the machine may be faster at one time than at another.
      double before = bare.seconds(4, 512);
      ours = run(base, start, batches, held, trainer -> batch -> trainer.step(batch, RATE));
      double products = (before + bare.seconds(4, 512)) / 2;
      report.figure("dense causal LM, 4x512, LoRA", ours.tokensPerSecond(), "tokens/s");
      report.figure("  a step, median", ours.median * 1e3, "ms");
      report.atLeast("  of it bare matrix products", products / ours.median, 0.5, "of 1");
    }
    Trainer full = Trainer.full(base, OptimizerConfig.defaults(1), Precision.BF16);
    Run all = run(full, batches, held, trainer -> batch -> trainer.step(batch, RATE / 10));
    report.figure("dense causal LM, 4x512, every weight", all.tokensPerSecond(), "tokens/s");
    ObjectNode json = Peer.data(warm(), PEER_BATCH, POSITIONS, RATE, held);
    ArrayNode rows = json.putArray("batches");
    for (List<TrainingExample> batch : batches) {
      ArrayNode row = rows.addArray();
      batch.forEach(e -> Peer.ints(row.addArray(), e.tokens(), 0, e.tokens().length));
    }
    double best = peers("causal", json, ours, List.of("causal", "causal-bf16"), 0);
    if (best > 0) {
      report.atLeast("  ours over the faster of them", ours.tokensPerSecond() / best, 1.3, "x");
    }
  }

  private void sft(BaseModel base, Adapter start, List<TrainingExample> examples)
      throws IOException {
    List<TrainingExample> held = examples.subList(0, HELD);
    List<TrainingExample> learned = examples.subList(HELD, examples.size());
    int[] lengths = learned.stream().mapToInt(e -> e.tokens().length).toArray();
    List<List<TrainingExample>> batches = new ArrayList<>();
    int[] once = new int[lengths.length];
    Arrays.fill(once, 1);
    for (List<Integer> batch : BatchPlan.of(lengths, once, POSITIONS, POSITIONS, 1)) {
      batches.add(batch.stream().map(learned::get).toList());
    }
    Run ours = run(base, start, batches, held, trainer -> batch -> trainer.step(batch, RATE));
    report.figure("instructions, LoRA", ours.tokensPerSecond(), "tokens/s");
    ObjectNode json = Peer.data(warm(), PEER_BATCH, POSITIONS, RATE, held);
    ArrayNode rows = json.putArray("examples");
    learned.forEach(example -> Peer.example(rows.addObject(), example));
    double usual = peers("sft", json, ours, List.of("sft"), 0);
    double best = peers("sft", json, ours, List.of("sft-packed", "sft-sorted"), usual);
    if (best > 0) {
      report.atLeast("  ours over TRL's default", ours.tokensPerSecond() / usual, 2.5, "x");
      report.atLeast("  ours over TRL's best", ours.tokensPerSecond() / best, 1.3, "x");
    }
  }

  private void dpo(BaseModel base, Adapter start, List<PreferencePair> pairs) throws IOException {
    List<TrainingExample> held = pairs.stream().limit(HELD).map(PreferencePair::chosen).toList();
    List<PreferencePair> learned = pairs.subList(HELD, pairs.size());
    List<List<PreferencePair>> batches = new ArrayList<>();
    for (int i = 0; i + 8 <= learned.size(); i += 8) {
      batches.add(learned.subList(i, i + 8));
    }
    Run ours =
        run(
            base,
            start,
            batches,
            held,
            trainer -> batch -> trainer.preferenceStep(batch, RATE / 10, BETA));
    report.figure("preferences, LoRA, reference included", ours.tokensPerSecond(), "tokens/s");
    ObjectNode json = Peer.data(warm(), 8, POSITIONS, RATE / 10, held);
    ArrayNode rows = json.putArray("pairs");
    learned.forEach(pair -> Peer.pair(rows.addObject(), pair));
    double best = peers("dpo", json, ours, List.of("dpo", "dpo-cached"), 0);
    if (best > 0) {
      report.atLeast("  ours over TRL's best", ours.tokensPerSecond() / best, 2, "x");
    }
  }

  /// Runs peers and prints them beside ours; 0 when there is no Python.
  private double peers(String kind, ObjectNode data, Run ours, List<String> modes, double atLeast)
      throws IOException {
    if (python == null) {
      return 0;
    }
    Peer peer = new Peer(python, peers.resolve("train_peer.py"), work, threads);
    peer.write(kind, data);
    double best = atLeast;
    for (String mode : modes) {
      Peer.Result result = peer.run(mode);
      report.figure("  " + mode, result.tokensPerSecond(), "tokens/s");
      report.figure("    its peak resident memory", result.peakMib(), "MiB");
      report.figure("    its held loss before", result.before(), "nats");
      report.figure("    its held loss after", result.after(), "nats");
      report.figure("    ours after", ours.after, "nats");
      report.atMost("    apart", Math.abs(result.after() / ours.after - 1) * 100, 4, "%");
      best = Math.max(best, result.tokensPerSecond());
    }
    return best;
  }

  private <B> Run run(
      BaseModel base,
      Adapter start,
      List<B> batches,
      List<TrainingExample> held,
      Function<Trainer, Function<B, StepResult>> how) {
    return run(
        Trainer.tune(base, start, OptimizerConfig.defaults(1), Precision.BF16), batches, held, how);
  }

  private <B> Run run(
      Trainer made,
      List<B> batches,
      List<TrainingExample> held,
      Function<Trainer, Function<B, StepResult>> how) {
    try (Trainer trainer = made) {
      Function<B, StepResult> step = how.apply(trainer);
      List<Double> times = new ArrayList<>();
      long tokens = 0;
      for (int i = 0; i < batches.size(); i++) {
        long begin = System.nanoTime();
        long trained = step.apply(batches.get(i)).tokens();
        if (i >= warm()) {
          times.add((System.nanoTime() - begin) / 1e9);
          tokens += trained;
        }
      }
      double[] each = times.stream().mapToDouble(Double::doubleValue).toArray();
      return new Run(
          Arrays.stream(each).sum(),
          Report.median(each),
          tokens,
          trainer.evaluate(held).lossPerToken());
    }
  }

  private static List<String> texts() {
    Corpus corpus = new Corpus(5);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 600; i++) {
      texts.add(corpus.document(i).getText());
    }
    return texts;
  }

  private int warm() {
    return quick ? 3 : 6;
  }

  private int steps() {
    return quick ? 6 : 24;
  }
}
