package dev.tidemill.benchmarks.scenario;

import dev.tidemill.benchmarks.scenario.serving.Answer;
import dev.tidemill.benchmarks.scenario.serving.Arrivals;
import dev.tidemill.benchmarks.scenario.serving.Asker;
import dev.tidemill.benchmarks.scenario.serving.Clients;
import dev.tidemill.benchmarks.scenario.serving.Ground;
import dev.tidemill.benchmarks.scenario.serving.Releases;
import dev.tidemill.benchmarks.scenario.serving.Shape;
import dev.tidemill.benchmarks.scenario.serving.Spread;
import dev.tidemill.events.Completion;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.platform.logging.Logging;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import picocli.CommandLine;

/// Twice the load that a replica can bear, for a minute. What it refuses it refuses at once and
/// says when to come again; what it admits it answers, whole, and not much later than when as many
/// clients ask as it has places.
@CommandLine.Command(
    name = "overload",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    description = "Twice the measured capacity: what is shed, and how the rest fares.")
public final class Overload implements Callable<Integer> {
  private static final String TASK = "support";
  private static final List<String> WORDS =
      List.of("tide", "mill", "corn", "wheel", "water", "turns", "when", "does", "the", "how");

  /// Answers are half as long again, or half as long.
  private static final double SPREAD = 0.5;

  @CommandLine.Option(names = "--seconds", paramLabel = "N", description = "of overload")
  private int seconds = 60;

  @CommandLine.Option(
      names = "--capacity-seconds",
      paramLabel = "N",
      description = "for which the capacity is measured")
  private int capacitySeconds = 20;

  @CommandLine.Option(names = "--times", paramLabel = "X", description = "the capacity")
  private double times = 2;

  @CommandLine.Option(names = "--tokens", paramLabel = "N", description = "of answers, on average")
  private int tokens = 128;

  @CommandLine.Option(names = "--running", paramLabel = "N", description = "max_running")
  private int running = 8;

  @CommandLine.Option(names = "--max-wait", paramLabel = "MS", description = "max_wait")
  private int maxWait = 500;

  @CommandLine.Option(
      names = "--factor",
      paramLabel = "X",
      description = "by which the p95 of whole answers may exceed that at capacity")
  private double factor = 2;

  @CommandLine.Option(names = "--seed", paramLabel = "S", description = "of weights and arrivals")
  private long seed = 1;

  @CommandLine.Mixin private Shape shape = new Shape();

  private final Report report = new Report(System.out);

  public static void main(String[] args) {
    System.exit(new CommandLine(new Overload()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    Logging.configure();
    try (ServingScene scene = ServingScene.open("overload", shape, seed)) {
      ReleaseTarget live = Releases.target(TASK, scene.releases().base(seed), null);
      String settings = "threads: 1, max_running: %d, max_wait: %dms".formatted(running, maxWait);
      try (Ground ground = scene.ground(settings)) {
        ground.awaitFollowed(TASK, ground.route(TASK, live));
        run(ground);
      }
    }
    return report.exitCode();
  }

  private void run(Ground ground) throws Exception {
    Asker asker = new Asker(ground.node().port());
    Clients.Habits habits = new Clients.Habits(List.of(TASK), WORDS, 1, tokens, SPREAD, 0, 0);
    // As many clients as there are places, each of which asks again at once.
    Clients warming = new Clients(running, asker, habits, seed);
    TimeUnit.SECONDS.sleep(Math.max(2, capacitySeconds / 4));
    warming.stop();
    long begin = System.nanoTime();
    Clients clients = new Clients(running, asker, habits, seed + 1);
    TimeUnit.SECONDS.sleep(capacitySeconds);
    clients.stop();
    Collection<Answer> atCapacity = clients.answers();
    double capacity = done(atCapacity).count() / ((System.nanoTime() - begin) / 1e9);
    report.figure("capacity", capacity, "answers/s");
    Spread first = new Spread(done(atCapacity).map(Answer::firstSeconds).toList());
    Spread total = new Spread(done(atCapacity).map(Answer::totalSeconds).toList());
    report.figure("first token at capacity, p95", first.at(0.95), "s");
    report.figure("whole answer at capacity, p95", total.at(0.95), "s");

    SplittableRandom random = new SplittableRandom(seed);
    List<Arrivals.Planned> plan =
        Arrivals.plan(times * capacity, seconds, new Arrivals.Sizes(WORDS, 1, tokens), seed)
            .stream()
            .map(one -> new Arrivals.Planned(one.at(), one.text(), length(random)))
            .toList();
    Collection<Answer> answers = Arrivals.send(plan, TASK, asker);
    judge(ground, answers, atCapacity, warming.answers(), first, total, capacity);
  }

  private int length(SplittableRandom random) {
    return (int) (tokens * (1 + SPREAD * (2 * random.nextDouble() - 1)));
  }

  private void judge(
      Ground ground,
      Collection<Answer> answers,
      Collection<Answer> atCapacity,
      Collection<Answer> warming,
      Spread firstBefore,
      Spread totalBefore,
      double capacity)
      throws InterruptedException {
    List<Answer> shed = answers.stream().filter(answer -> answer.status() == 429).toList();
    report.count("requests", answers.size());
    report.count("shed with 429", shed.size());
    report.none("shed without Retry-After", shed.stream().filter(a -> a.retryAfter() < 1).count());
    report.figure(
        "Retry-After, longest", shed.stream().mapToInt(Answer::retryAfter).max().orElse(0), "s");
    Spread refusals = new Spread(shed.stream().map(Answer::totalSeconds).toList());
    report.figure("refused after, p95", refusals.at(0.95) * 1e3, "ms");
    report.none("answers of 5xx", answers.stream().filter(a -> a.status() >= 500).count());
    report.none(
        "admitted and not answered whole",
        answers.stream().filter(a -> a.status() == 200 && a.end() != Answer.End.DONE).count());
    report.none(
        "neither answered nor refused",
        answers.stream().filter(a -> a.status() != 200 && a.status() != 429).count());
    answers.stream()
        .filter(a -> a.end() == Answer.End.BROKEN)
        .limit(5)
        .forEach(a -> System.err.println(a.status() + " " + a.failure()));
    report.figure("share shed", (double) shed.size() / answers.size(), "");
    report.atLeast(
        "answers a second, of the capacity",
        done(answers).count() / (double) seconds / capacity,
        0.8,
        "x");
    Spread first = new Spread(done(answers).map(Answer::firstSeconds).toList());
    Spread total = new Spread(done(answers).map(Answer::totalSeconds).toList());
    report.figure("first token of admitted, p50", first.at(0.5), "s");
    report.atMost(
        "first token of admitted, p95 (at capacity + max_wait)",
        first.at(0.95),
        firstBefore.at(0.95) + 1.25 * maxWait / 1e3,
        "s");
    report.figure("whole answer of admitted, p50", total.at(0.5), "s");
    report.figure("whole answer of admitted, p95", total.at(0.95), "s");
    report.atMost(
        "p95 of whole answers / at capacity", total.at(0.95) / totalBefore.at(0.95), factor, "x");
    records(ground, Stream.of(warming, atCapacity, answers).flatMap(Collection::stream).toList());
  }

  private void records(Ground ground, List<Answer> all) throws InterruptedException {
    List<Answer> whole = done(all).toList();
    Ground.await(Duration.ofSeconds(10), () -> ground.completions().size() >= whole.size());
    Map<String, Completion> records = new HashMap<>();
    long twice = 0;
    for (Completion completion : ground.completions()) {
      twice += records.put(completion.getId(), completion) == null ? 0 : 1;
    }
    report.count("completions recorded", records.size());
    report.none("completions recorded twice", twice);
    report.none(
        "answers without their record",
        whole.stream()
            .filter(
                answer -> {
                  Completion record = records.get(answer.id());
                  return record == null || !record.getAnswer().equals(answer.text());
                })
            .count());
  }

  private static Stream<Answer> done(Collection<Answer> answers) {
    return answers.stream().filter(answer -> answer.end() == Answer.End.DONE);
  }
}
