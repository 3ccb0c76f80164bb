package dev.tidemill.benchmarks.scenario;

import dev.tidemill.benchmarks.scenario.training.Instructions;
import dev.tidemill.benchmarks.scenario.training.RandomCheckpoint;
import dev.tidemill.benchmarks.scenario.training.Resident;
import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.Engine;
import dev.tidemill.model.LoraConfig;
import dev.tidemill.model.train.Activations;
import dev.tidemill.model.train.OptimizerConfig;
import dev.tidemill.model.train.Precision;
import dev.tidemill.model.train.StepResult;
import dev.tidemill.model.train.Trainer;
import dev.tidemill.model.train.TrainingExample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/// What it takes to load and to fine-tune a bf16 base of the shape of TinyLlama, 1.1 B parameters:
/// memory of this process at its highest while loading, and while LoRA of rank 16 on all linears
/// trains on 512 tokens.
@CommandLine.Command(name = "big-model", mixinStandardHelpOptions = true)
public final class BigModel implements Callable<Integer> {
  private static final double MIB = 1 << 20;

  @CommandLine.Option(names = "--layers", description = "default: ${DEFAULT-VALUE}")
  private int layers = 22;

  @CommandLine.Option(names = "--steps", description = "default: ${DEFAULT-VALUE}")
  private int steps = 3;

  @CommandLine.Option(names = "--tokens", description = "of a step; default: ${DEFAULT-VALUE}")
  private int tokens = 512;

  @CommandLine.Option(names = "--activations", description = "default: ${DEFAULT-VALUE}")
  private Activations activations = Activations.RECOMPUTED;

  @CommandLine.Option(names = "--threads", description = "default: ${DEFAULT-VALUE}")
  private int threads = 2;

  @CommandLine.Option(names = "--folder", description = "where the base is kept for another run")
  private @Nullable Path folder;

  public static void main(String[] args) {
    System.exit(new CommandLine(new BigModel()).execute(args));
  }

  @Override
  public Integer call() throws IOException {
    Engine.setThreads(threads);
    Report report = new Report(System.out);
    DecoderConfig config =
        new DecoderConfig(32_000, 2048, 5632, layers, 32, 4, 64, 1e-5, 10_000, 2048, false, 1, 2);
    @Nullable Path kept = folder;
    Path path = kept == null ? Files.createTempDirectory("big-model") : kept;
    Path weights = path.resolve("model.safetensors");
    if (!Files.exists(weights)) {
      Corpus corpus = new Corpus(5);
      List<String> texts = List.of(corpus.document(1).getText(), corpus.document(2).getText());
      RandomCheckpoint.write(path, config, texts, 7);
    }
    long size = Files.size(weights);
    report.figure("size of the weights' file", size / MIB, "MiB");
    double before = Resident.nowMib();
    long begin = System.nanoTime();
    try (BaseModel base = BaseModel.load(path)) {
      report.count("parameters", base.parameters());
      report.figure("loading", (System.nanoTime() - begin) / 1e9, "s");
      double loading = Resident.peakMib() - Math.min(before, Resident.peakMib());
      report.figure("resident before", before, "MiB");
      report.atMost("loading takes, over the file's size", loading / (size / MIB), 1.2, "x");
      train(base, report);
    } finally {
      if (kept == null) {
        delete(path);
      }
    }
    return report.exitCode();
  }

  private void train(BaseModel base, Report report) throws IOException {
    Instructions data = new Instructions(base.config().vocabSize(), 3);
    try (Adapter start = Adapter.initialise(LoraConfig.allLinears(16, 32), base.config(), 5);
        Trainer trainer =
            Trainer.tune(
                base, start, OptimizerConfig.defaults(1), Precision.fastest(), activations)) {
      double first = 0;
      double last = 0;
      TrainingExample text = data.text(tokens);
      long begin = System.nanoTime();
      for (int step = 0; step < steps; step++) {
        StepResult result = trainer.step(List.of(text), 1e-3);
        last = result.loss();
        first = step == 0 ? last : first;
      }
      report.figure("a step", (System.nanoTime() - begin) / 1e9 / steps, "s");
      report.figure("loss of the first", first, "nats");
      report.figure("loss of the last", last, "nats");
      report.none("losses that did not fall", last < first ? 0 : 1);
      report.figure("resident after", Resident.nowMib(), "MiB");
      report.atMost("resident at its highest", Resident.peakMib(), 5 * 1024, "MiB");
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
