package dev.tidemill.benchmarks.scenario;

import dev.tidemill.benchmarks.scenario.serving.Answer;
import dev.tidemill.benchmarks.scenario.serving.Asker;
import dev.tidemill.benchmarks.scenario.serving.Clients;
import dev.tidemill.benchmarks.scenario.serving.Ground;
import dev.tidemill.benchmarks.scenario.serving.Judgement;
import dev.tidemill.benchmarks.scenario.serving.Node;
import dev.tidemill.benchmarks.scenario.serving.Releases;
import dev.tidemill.benchmarks.scenario.serving.Shape;
import dev.tidemill.benchmarks.scenario.serving.Spread;
import dev.tidemill.benchmarks.scenario.serving.Swaps;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.platform.logging.Logging;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import picocli.CommandLine;

/// Releases are published and retired under load, one after the other, while some of the clients
/// hang up. Every answer is held against what its release says when it decodes alone.
@CommandLine.Command(
    name = "swap-soak",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    description = "A thousand swaps under load, with clients that hang up.")
public final class SwapSoak implements Callable<Integer> {
  private static final List<String> QUESTIONS =
      List.of(
          "who turns the mill?", "what is linger.ms?", "count to ten", "when does the tide turn?");
  private static final Duration END_LIMIT = Duration.ofSeconds(30);

  /// Every seventh publication brings the release before back (A, B, A), every fiftieth goes to a
  /// base that no other task stands on.
  private static final int BACK_EVERY = 7;

  private static final int RARE_BASE_EVERY = 50;
  private static final int MOVE_EVERY = 5;

  @CommandLine.Option(names = "--publishes", paramLabel = "N", description = "swaps")
  private int publishes = 1_000;

  @CommandLine.Option(names = "--tasks", paramLabel = "N", description = "tasks")
  private int tasks = 20;

  @CommandLine.Option(names = "--clients", paramLabel = "N", description = "clients at once")
  private int clients = 4;

  @CommandLine.Option(names = "--think", paramLabel = "MS", description = "mean pause of a client")
  private double think = 10;

  @CommandLine.Option(
      names = "--hang-ups",
      paramLabel = "SHARE",
      description = "of requests whose client goes away in the middle")
  private double hangUps = 0.2;

  @CommandLine.Option(names = "--tokens", paramLabel = "N", description = "longest answer")
  private int tokens = 32;

  @CommandLine.Option(
      names = "--pause",
      paramLabel = "MS",
      description = "from one swap's end to the next one's begin")
  private long pause = 100;

  @CommandLine.Option(names = "--seed", paramLabel = "S", description = "of weights and clients")
  private long seed = 1;

  @CommandLine.Option(names = "--threads", paramLabel = "N", description = "of a native call")
  private int threads = 1;

  @CommandLine.Mixin private Shape shape = new Shape();

  private final Report report = new Report(System.out);

  public static void main(String[] args) {
    System.exit(new CommandLine(new SwapSoak()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    Logging.configure();
    try (ServingScene scene = ServingScene.open("swap-soak", shape, seed)) {
      Releases releases = scene.releases();
      List<ReleaseTarget> plan = plan(releases);
      report.count("releases made", plan.stream().distinct().count());
      try (Ground ground = scene.ground("threads: %d".formatted(threads))) {
        run(ground, releases, plan);
      }
    }
    return report.exitCode();
  }

  /// What each publication makes live: the first of each task, then one task after the other.
  private List<ReleaseTarget> plan(Releases releases) throws IOException {
    List<String> bases = List.of(releases.base(seed), releases.base(seed + 1));
    String rare = releases.base(seed + 2);
    List<ReleaseTarget> plan = new ArrayList<>();
    for (int i = 0; i < tasks + publishes; i++) {
      int round = i / tasks;
      if (round >= 2 && i % BACK_EVERY == 0) {
        plan.add(plan.get(i - 2 * tasks));
        continue;
      }
      String base =
          round > 0 && i % RARE_BASE_EVERY == 0
              ? rare
              : bases.get((i + round / MOVE_EVERY) % bases.size());
      plan.add(Releases.target(task(i), base, releases.adapter(base, seed * 1_000_000 + i)));
    }
    return plan;
  }

  private String task(int number) {
    return "task-" + number % tasks;
  }

  private void run(Ground ground, Releases releases, List<ReleaseTarget> plan) throws Exception {
    Map<String, Long> epochs = new LinkedHashMap<>();
    for (int i = 0; i < tasks; i++) {
      epochs.put(task(i), ground.route(task(i), plan.get(i)));
    }
    for (Map.Entry<String, Long> task : epochs.entrySet()) {
      ground.awaitFollowed(task.getKey(), task.getValue());
    }
    Clients asking =
        new Clients(
            clients,
            new Asker(ground.node().port(), true),
            new Clients.Habits(
                List.copyOf(epochs.keySet()), QUESTIONS, 0, tokens, 0, hangUps, think),
            seed);
    long begin = System.nanoTime();
    Ground.await(Duration.ofMinutes(1), () -> asking.answers().size() >= 40 * clients);
    long warm = System.nanoTime();
    Swaps swaps = new Swaps();
    List<Long> resident = publish(ground, plan, swaps);
    double seconds = (System.nanoTime() - begin) / 1e9;
    asking.stop();
    judge(ground, releases, plan, List.copyOf(asking.answers()), swaps, warm);
    report.figure("time under load", seconds, "s");
    judgeMemory(resident);
  }

  /// Publishes one after the other, and returns the process's resident memory after each.
  private List<Long> publish(Ground ground, List<ReleaseTarget> plan, Swaps swaps)
      throws InterruptedException, IOException {
    List<Long> resident = new ArrayList<>();
    for (int i = tasks; i < plan.size(); i++) {
      TimeUnit.MILLISECONDS.sleep(pause);
      resident.add(ground.node().residentBytes());
      long from = System.nanoTime();
      ground.awaitFollowed(task(i), ground.route(task(i), plan.get(i)));
      swaps.add(task(i), from, System.nanoTime());
    }
    return resident;
  }

  private void judge(
      Ground ground,
      Releases releases,
      List<ReleaseTarget> plan,
      List<Answer> answers,
      Swaps swaps,
      long warm)
      throws Exception {
    Node node = ground.node();
    boolean settled = Ground.await(END_LIMIT, () -> settled(node));
    report.none("references at the end", (long) node.metric("tidemill_inference_references"));
    report.none(
        "releases in memory beside the live ones",
        (long) node.metric("tidemill_inference_releases_resident") - tasks);
    report.none("not settled at the end", settled ? 0 : 1);
    long again = IntStream.range(tasks, plan.size()).filter(i -> same(plan, i)).count();
    report.count("publications", plan.size() - tasks);
    report.none(
        "retired and still in memory",
        plan.size() - tasks - again - (long) node.metric("tidemill_inference_unloads_total"));
    report.count("requests", answers.size());
    report.figure(
        "share that hung up",
        (double) answers.stream().filter(a -> a.end() == Answer.End.HUNG_UP).count()
            / answers.size(),
        "");
    report.figure(
        "tokens a second",
        answers.stream().mapToInt(a -> a.stamps().size()).sum()
            / ((answers.getLast().ended() - answers.getFirst().due()) / 1e9),
        "1/s");
    Judgement judgement = Judgement.of(answers, plan, releases, tokens);
    report.none("failed", judgement.failed());
    report.none("answers that name two releases", judgement.mixed());
    report.none("answers that are not their release's own", judgement.wrong());
    report.none("answers misrecorded", judgement.misrecorded(answers, ground.completions()));
    judgement.examples().forEach(System.err::println);
    report.count("releases that answered", judgement.answering());
    report.count("releases whose answers are another's too", judgement.alike());
    Spread took = swaps.seconds();
    report.figure("a swap, p50", took.at(0.5) * 1e3, "ms");
    report.figure("a swap, p99", took.at(0.99) * 1e3, "ms");
    Swaps.Gaps gaps = swaps.gaps(answers, warm);
    report.count("gaps without a swap", gaps.without().count());
    report.count("gaps during another task's swap", gaps.during().count());
    report.figure("gap without, p50", gaps.without().at(0.5) * 1e3, "ms");
    report.figure("gap during, p50", gaps.during().at(0.5) * 1e3, "ms");
    report.figure("gap without, p99", gaps.without().at(0.99) * 1e3, "ms");
    report.figure("gap during, p99", gaps.during().at(0.99) * 1e3, "ms");
    report.figure("gap without, longest", gaps.without().max() * 1e3, "ms");
    report.figure("gap during, longest", gaps.during().max() * 1e3, "ms");
    report.atMost(
        "p99 gap during / without", gaps.during().at(0.99) / gaps.without().at(0.99), 1.5, "x");
  }

  /// Whether a publication brought what was live already.
  private boolean same(List<ReleaseTarget> plan, int number) {
    return plan.get(number).equals(plan.get(number - tasks));
  }

  private boolean settled(Node node) {
    try {
      return node.metric("tidemill_inference_references") == 0
          && node.metric("tidemill_inference_releases_resident") == tasks;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The last fifth of the run against the second, the first being that of warming up.
  private void judgeMemory(List<Long> resident) {
    int fifth = Math.max(1, resident.size() / 5);
    double early = mean(resident.subList(fifth, Math.min(resident.size(), 2 * fifth)));
    double late = mean(resident.subList(resident.size() - fifth, resident.size()));
    report.figure("resident memory, second fifth of the run", early / (1 << 20), "MiB");
    report.figure("resident memory, last fifth", late / (1 << 20), "MiB");
    report.atMost("last fifth / second fifth", late / early, 1.05, "x");
  }

  private static double mean(List<Long> values) {
    return values.stream().mapToLong(Long::longValue).average().orElse(Double.NaN);
  }
}
