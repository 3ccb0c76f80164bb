package dev.tidemill.benchmarks.scenario;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.benchmarks.scenario.serving.Answer;
import dev.tidemill.benchmarks.scenario.serving.Arrivals;
import dev.tidemill.benchmarks.scenario.serving.Asker;
import dev.tidemill.benchmarks.scenario.serving.Ground;
import dev.tidemill.benchmarks.scenario.serving.Releases;
import dev.tidemill.benchmarks.scenario.serving.Shape;
import dev.tidemill.benchmarks.scenario.serving.Spread;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.platform.http.Json;
import dev.tidemill.platform.logging.Logging;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/// Requests that come by chance at a rate, with prompts and answers of many lengths: how long the
/// first token takes, how far tokens are apart, and how many come in a second. Asks a replica of
/// its own, or one that runs elsewhere.
@CommandLine.Command(
    name = "serving-load",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    description = "A Poisson stream of requests, and how soon each token comes.")
public final class ServingLoad implements Callable<Integer> {
  private static final String TASK = "support";

  @CommandLine.Option(names = "--rate", paramLabel = "N", description = "requests a second")
  private double rate = 4;

  @CommandLine.Option(names = "--seconds", paramLabel = "N", description = "of load")
  private double seconds = 30;

  @CommandLine.Option(
      names = "--warm-up",
      paramLabel = "N",
      description = "seconds of the same load before it, which do not count")
  private double warmUp = 10;

  @CommandLine.Option(
      names = "--prompt-words",
      paramLabel = "N",
      description = "mean length of prompts; they are spread exponentially")
  private double promptWords = 40;

  @CommandLine.Option(
      names = "--answer-tokens",
      paramLabel = "N",
      description = "mean of max_tokens; spread exponentially")
  private double answerTokens = 64;

  @CommandLine.Option(names = "--running", paramLabel = "N", description = "max_running")
  private int running = 8;

  @CommandLine.Option(names = "--threads", paramLabel = "N", description = "of a native call")
  private int threads = 1;

  @CommandLine.Option(
      names = "--port",
      paramLabel = "PORT",
      description = "of a replica on this machine that runs already; else one is started")
  private int port;

  @CommandLine.Option(
      names = "--model",
      paramLabel = "TASK",
      description = "that the replica at --port is asked for")
  private String model = TASK;

  @CommandLine.Option(
      names = "--save",
      paramLabel = "DIR",
      description =
          "writes the base (model/) and the arrivals (arrivals.jsonl) here, for"
              + " services/benchmarks/peers/serve_transformers.py")
  private @Nullable Path save;

  @CommandLine.Option(names = "--seed", paramLabel = "S", description = "of weights and arrivals")
  private long seed = 1;

  @CommandLine.Mixin private Shape shape = new Shape();

  private final Report report = new Report(System.out);

  public static void main(String[] args) {
    System.exit(new CommandLine(new ServingLoad()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    Logging.configure();
    if (port > 0) {
      load(port);
      return report.exitCode();
    }
    try (ServingScene scene = ServingScene.open("serving-load", shape, seed)) {
      Releases releases = scene.releases();
      ReleaseTarget live = Releases.target(TASK, releases.base(seed), null);
      if (save != null) {
        saveModel(releases.folderOf(live.getBase()), save.resolve("model"));
      }
      String settings = "threads: %d, max_running: %d".formatted(threads, running);
      try (Ground ground = scene.ground(settings)) {
        ground.awaitFollowed(TASK, ground.route(TASK, live));
        load(ground.node().port());
      }
    }
    return report.exitCode();
  }

  private void load(int at) throws IOException {
    Asker asker = new Asker(at);
    Arrivals.Sizes sizes =
        new Arrivals.Sizes(
            List.of(String.join(" ", ServingScene.texts(seed)).split("\\s+", -1)),
            promptWords,
            answerTokens);
    Arrivals.send(Arrivals.plan(rate, warmUp, sizes, seed + 1), model, asker);
    List<Arrivals.Planned> plan = Arrivals.plan(rate, seconds, sizes, seed);
    if (save != null) {
      savePlan(plan, save.resolve("arrivals.jsonl"));
    }
    long begin = System.nanoTime();
    Collection<Answer> answers = Arrivals.send(plan, model, asker);
    judge(answers, (System.nanoTime() - begin) / 1e9);
  }

  private void judge(Collection<Answer> answers, double took) {
    List<Answer> whole = answers.stream().filter(a -> a.end() == Answer.End.DONE).toList();
    List<Answer> spoken = whole.stream().filter(a -> !a.stamps().isEmpty()).toList();
    List<Double> gaps = new ArrayList<>();
    for (Answer answer : spoken) {
      answer.gaps().forEach(gap -> gaps.add(gap.seconds()));
    }
    report.count("requests", answers.size());
    report.count("shed with 429", answers.stream().filter(a -> a.status() == 429).count());
    report.none(
        "failed",
        answers.stream().filter(a -> a.status() != 429 && a.end() != Answer.End.DONE).count());
    report.figure(
        "answer tokens", whole.stream().mapToInt(Answer::tokens).sum() / took, "tokens/s");
    spread("time to first token", new Spread(spoken.stream().map(Answer::firstSeconds).toList()));
    spread("between two pieces", new Spread(gaps));
    spread("whole answer", new Spread(whole.stream().map(Answer::totalSeconds).toList()));
  }

  private void spread(String what, Spread values) {
    report.figure(what + ", p50", values.at(0.5) * 1e3, "ms");
    report.figure(what + ", p95", values.at(0.95) * 1e3, "ms");
    report.figure(what + ", p99", values.at(0.99) * 1e3, "ms");
  }

  private static void saveModel(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (var files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName().toString()));
      }
    }
  }

  private static void savePlan(List<Arrivals.Planned> plan, Path file) throws IOException {
    List<String> lines = new ArrayList<>();
    for (Arrivals.Planned one : plan) {
      ObjectNode line = Json.mapper().createObjectNode();
      line.put("at", one.at()).put("text", one.text()).put("max_tokens", one.maxTokens());
      lines.add(line.toString());
    }
    Files.write(file, lines);
  }
}
