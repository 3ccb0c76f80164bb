package dev.tidemill.benchmarks.scenario;

import dev.tidemill.model.BaseModel;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.generate.DecodeState;
import dev.tidemill.model.generate.Generator;
import dev.tidemill.model.generate.Penalties;
import dev.tidemill.model.generate.Sampler;
import dev.tidemill.model.generate.SamplingParameters;
import dev.tidemill.model.generate.json.JsonConstraint;
import dev.tidemill.model.generate.json.JsonTokens;
import dev.tidemill.model.tokenizer.BpeTrainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/// What it costs that an answer is a JSON object for certain: seconds a token with the constraint
/// over seconds a token without, decoding one sequence of a small random base, answers with and
/// without taking turns.
///
/// Random weights wander through the grammar far more than a trained model does, so this is the
/// costly side.
@CommandLine.Command(name = "json-cost", mixinStandardHelpOptions = true)
public final class JsonCost implements Callable<Integer> {
  private static final double BAR = 1.15;
  private static final int LONGEST = 200;
  private static final int TEXTS = 400;

  @CommandLine.Option(names = "--tokens", description = "of each kind; default: ${DEFAULT-VALUE}")
  private int tokens = 6_000;

  @CommandLine.Option(names = "--vocabulary", description = "default: ${DEFAULT-VALUE}")
  private int vocabulary = 4_000;

  @CommandLine.Option(names = "--hidden", description = "width; default: ${DEFAULT-VALUE}")
  private int hidden = 256;

  public static void main(String[] args) {
    System.exit(new CommandLine(new JsonCost()).execute(args));
  }

  @Override
  public Integer call() throws IOException {
    Path folder = Files.createTempDirectory("json-cost");
    Report report = new Report(System.out);
    Corpus corpus = new Corpus(5);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < TEXTS; i++) {
      texts.add(corpus.document(i).getText());
    }
    Path tokenizer = folder.resolve("tokenizer.json");
    BpeTrainer.train(texts, vocabulary, BpeTrainer.CHAT_TOKENS, tokenizer);
    Path base = folder.resolve("base");
    DecoderConfig config =
        new DecoderConfig(
            vocabulary, hidden, hidden * 3, 6, 8, 4, hidden / 8, 1e-5, 10_000, 512, false, 1, 4);
    BaseModel.initialise(base, config, tokenizer, 3);
    try (BaseModel model = BaseModel.load(base);
        Generator generator = new Generator(model)) {
      Timing free = new Timing();
      Timing bound = new Timing();
      // The first answers warm up.
      run(generator, free, bound, tokens / 5);
      free.clear();
      bound.clear();
      run(generator, free, bound, tokens);
      report.figure("a token without the constraint", free.micros(), "us");
      report.figure("a token with it", bound.micros(), "us");
      report.count("tokens with it", bound.tokens);
      report.atMost("cost of the constraint", bound.micros() / free.micros(), BAR, "x");
      report.figure("  the states worked out anew each time", cold(generator), "us a token");
    }
    return report.exitCode();
  }

  private static final class Timing {
    private long nanos;
    private long tokens;

    void clear() {
      nanos = 0;
      tokens = 0;
    }

    double micros() {
      return nanos / (1e3 * tokens);
    }
  }

  private static void run(Generator generator, Timing free, Timing bound, int tokens) {
    for (int seed = 0; free.tokens < tokens || bound.tokens < tokens; seed++) {
      answer(generator, seed, null, free);
      answer(generator, seed, generator.jsonTokens(), bound);
    }
  }

  private static void answer(
      Generator generator, int seed, @Nullable JsonTokens json, Timing timing) {
    int[] prompt = generator.base().tokenizer().encode("the order of the day " + seed);
    SamplingParameters parameters =
        new SamplingParameters(1, 1, 0, 0, Penalties.NONE, seed, LONGEST, List.of());
    @Nullable JsonConstraint constraint = json == null ? null : new JsonConstraint(json, LONGEST);
    Sampler sampler = new Sampler(parameters, constraint, prompt);
    try (DecodeState state = generator.start(prompt, null)) {
      long begin = System.nanoTime();
      int drawn = 0;
      while (drawn < LONGEST && !state.ended() && (constraint == null || !constraint.complete())) {
        generator.next(state, sampler);
        drawn++;
      }
      timing.nanos += System.nanoTime() - begin;
      timing.tokens += drawn;
    }
  }

  /// Microseconds a token when nothing is remembered from one answer to the next.
  private static double cold(Generator generator) {
    Timing timing = new Timing();
    for (int seed = 0; seed < 20; seed++) {
      BaseModel base = generator.base();
      JsonTokens json = new JsonTokens(base.tokenizer().bytes(), base.generation()::ends);
      answer(generator, seed, json, timing);
    }
    return timing.micros();
  }
}
