package dev.tidemill.benchmarks.scenario;

import dev.tidemill.benchmarks.scenario.training.Resident;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.BitFitConfig;
import dev.tidemill.model.BottleneckConfig;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.Engine;
import dev.tidemill.model.LoraConfig;
import dev.tidemill.model.PrefixConfig;
import dev.tidemill.model.PromptConfig;
import dev.tidemill.model.TuningMethod;
import dev.tidemill.model.WeightsConfig;
import dev.tidemill.model.tokenizer.BpeTrainer;
import dev.tidemill.model.train.OptimizerConfig;
import dev.tidemill.model.train.Precision;
import dev.tidemill.model.train.StepResult;
import dev.tidemill.model.train.Trainer;
import dev.tidemill.model.train.TrainingExample;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/// The table of tuning methods: what each trains, what its artifact takes, what memory training
/// takes beside the loaded base, and tokens a second, on one base of 24 M parameters and the same
/// batches of texts. Each method runs in a process of its own, so that its peak is its own.
@CommandLine.Command(name = "method-table", mixinStandardHelpOptions = true)
public final class MethodTable implements Callable<Integer> {
  private static final double MIB = 1 << 20;
  private static final int WARM_UP = 3;

  @CommandLine.Option(names = "--steps", description = "timed ones; default: ${DEFAULT-VALUE}")
  private int steps = 8;

  @CommandLine.Option(names = "--rows", description = "of a batch; default: ${DEFAULT-VALUE}")
  private int rows = 4;

  @CommandLine.Option(names = "--tokens", description = "of a row; default: ${DEFAULT-VALUE}")
  private int tokens = 512;

  @CommandLine.Option(names = "--threads", description = "default: ${DEFAULT-VALUE}")
  private int threads = 2;

  @CommandLine.Option(names = "--folder", hidden = true)
  private @Nullable Path folder;

  @CommandLine.Option(names = "--one", hidden = true)
  private @Nullable String one;

  public static void main(String[] args) {
    System.exit(new CommandLine(new MethodTable()).execute(args));
  }

  private static Map<String, TuningMethod> methods() {
    Map<String, TuningMethod> methods = new LinkedHashMap<>();
    methods.put("full", WeightsConfig.full());
    methods.put("last_layers (2)", WeightsConfig.lastLayers(2));
    methods.put("head", WeightsConfig.head());
    methods.put("lora (rank 16, all linears)", LoraConfig.allLinears(16, 32));
    methods.put("bitfit", new BitFitConfig());
    methods.put(
        "bottleneck (width 64)", new BottleneckConfig(64, BottleneckConfig.Activation.GELU));
    methods.put("prefix (20)", new PrefixConfig(20));
    methods.put("prompt (20)", new PromptConfig(20, ""));
    return methods;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    @Nullable String method = one;
    @Nullable Path base = folder;
    if (method != null && base != null) {
      measure(method, base);
      return 0;
    }
    Path work = Files.createTempDirectory("method-table");
    DecoderConfig config =
        new DecoderConfig(8192, 448, 1216, 8, 7, 7, 64, 1e-5, 10_000, 1024, true, 1, 4);
    Path tokenizer = work.resolve("tokenizer.json");
    Corpus corpus = new Corpus(5);
    BpeTrainer.train(
        List.of(corpus.document(1).getText()), 1024, BpeTrainer.CHAT_TOKENS, tokenizer);
    BaseModel.initialise(work.resolve("base"), config, tokenizer, 1);
    System.out.println(
        "| method | trained | artifact MiB | memory beside the base MiB | tokens/s | loss |");
    System.out.println("|---|---|---|---|---|---|");
    int failed = 0;
    for (String name : methods().keySet()) {
      failed += child(name, work.resolve("base"));
    }
    return failed == 0 ? 0 : 1;
  }

  private int child(String name, Path base) throws IOException, InterruptedException {
    List<String> command =
        ChildJava.command(
            MethodTable.class,
            List.of("-Xmx1g"),
            List.of(
                "--one=" + name,
                "--folder=" + base,
                "--steps=" + steps,
                "--rows=" + rows,
                "--tokens=" + tokens,
                "--threads=" + threads));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    out.lines().filter(line -> line.startsWith("|")).forEach(System.out::println);
    return process.waitFor() == 0 ? 0 : 1;
  }

  private void measure(String name, Path path) throws IOException {
    Engine.setThreads(threads);
    TuningMethod method = methods().get(name);
    if (method == null) {
      throw new IllegalArgumentException("There is no method " + name + ".");
    }
    try (BaseModel base = BaseModel.load(path)) {
      double before = Resident.nowMib();
      OptimizerConfig optimizer = OptimizerConfig.defaults(1);
      try (Trainer trainer = Trainer.tune(base, method, optimizer, Precision.fastest())) {
        Random random = new Random(1);
        double seconds = 0;
        long trained = 0;
        double loss = Double.NaN;
        for (int step = 0; step < WARM_UP + steps; step++) {
          List<TrainingExample> batch = batch(random, base.config().vocabSize());
          long begin = System.nanoTime();
          StepResult result = trainer.step(batch, 1e-3);
          if (step >= WARM_UP) {
            seconds += (System.nanoTime() - begin) / 1e9;
            trained += result.tokens();
          }
          loss = result.loss();
        }
        double peak = Resident.peakMib();
        Path adapter = Files.createTempDirectory(path.getParent(), "adapter");
        trainer.exportAdapter(adapter);
        System.out.printf(
            Locale.ROOT,
            "| %s | %,d | %.2f | %.0f | %.0f | %.3f |%n",
            name,
            method.on(base.config()).parameters(base.config()),
            Files.size(adapter.resolve("adapter_model.safetensors")) / MIB,
            peak - before,
            trained / seconds,
            loss);
      }
    }
  }

  private List<TrainingExample> batch(Random random, int vocabulary) {
    List<TrainingExample> batch = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      batch.add(TrainingExample.text(random.ints(tokens, 5, vocabulary).toArray()));
    }
    return batch;
  }
}
