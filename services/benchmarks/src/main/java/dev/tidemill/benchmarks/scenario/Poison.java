package dev.tidemill.benchmarks.scenario;

import dev.tidemill.curator.trial.Attack;
import dev.tidemill.curator.trial.Crowd;
import dev.tidemill.curator.trial.Outcome;
import dev.tidemill.curator.trial.Said;
import dev.tidemill.curator.trial.Tail;
import dev.tidemill.curator.trial.Trial;
import dev.tidemill.platform.logging.Logging;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import picocli.CommandLine;

/// 5 % of the subjects send 60 % of the feedback, coordinated: their lies end with at most 8 % of
/// the training weight, and the honest keep at least 95 % of theirs: of what they have where nobody
/// lies and nothing is guarded, and of what they have behind the same guard where nobody lies. The
/// guard's own code, without Kafka (`PoisonTest` sends the same through the whole topology).
///
/// The bars are for crowds of 100, 200 and 600 whose activity is log-normal; what becomes of 60,
/// and of a power law, is shown beside them.
@CommandLine.Command(name = "poison", mixinStandardHelpOptions = true)
public final class Poison implements Callable<Integer> {
  private static final Duration DAY = Duration.ofHours(3);
  private static final double MOST_LIES = 0.08;
  private static final double LEAST_KEPT = 0.95;

  /// One liar comes to 19 honest subjects.
  private static final int SUBJECTS_A_LIAR = 20;

  private static final List<Integer> CROWDS = List.of(60, 100, 200, 600);
  private static final int LEAST_CROWD = 100;

  @CommandLine.Option(names = "--seeds", description = "how many; default: ${DEFAULT-VALUE}")
  private int seeds = 5;

  @CommandLine.Option(names = "--first", description = "of the seeds; default: ${DEFAULT-VALUE}")
  private int first = 1;

  @CommandLine.Option(
      names = "--partitions",
      description = "of the stages; default: ${DEFAULT-VALUE}")
  private int partitions = 4;

  @CommandLine.Option(
      names = "--subjects",
      description = "of the only crowd; crowds of all sizes unless told")
  private int only;

  @CommandLine.Option(
      names = "--limits",
      description = "0 leaves out what has no bar; default: ${DEFAULT-VALUE}")
  private int limits = 1;

  @CommandLine.Option(
      names = "--cells",
      description = "1 prints every run; default: ${DEFAULT-VALUE}")
  private int cells;

  private final Report report = new Report(System.out);
  private final Map<String, List<Run>> runs = new LinkedHashMap<>();
  private double seconds;
  private double unguardedSeconds;
  private long pieces;
  private final List<Trial.Result> results = new ArrayList<>();

  /// One run of an attack on a crowd.
  ///
  /// @param free what comes of the crowd alone, unguarded
  /// @param calm the same, guarded
  /// @param after what comes of both
  private record Run(Outcome free, Outcome calm, Outcome after) {
    double kept() {
      return after.kept(free);
    }

    double keptOfCalm() {
      return after.kept(calm);
    }
  }

  public static void main(String[] arguments) {
    Logging.configure();
    System.exit(new CommandLine(new Poison()).execute(arguments));
  }

  @Override
  public Integer call() {
    for (Tail tail : Tail.values()) {
      for (int subjects : CROWDS) {
        boolean bars = tail == Tail.LOG_NORMAL && subjects >= LEAST_CROWD;
        boolean chosen = only == 0 || only == subjects;
        if (chosen && (bars || limits != 0)) {
          runs.clear();
          for (int seed = first; seed < first + seeds; seed++) {
            crowd(seed, subjects, tail);
          }
          show(subjects + " " + tail.name().toLowerCase(Locale.ROOT).replace('_', '-'), bars);
        }
      }
    }
    report.figure("processor time", seconds / pieces * 1e6, "us/feedback");
    report.figure("processor time without guard", unguardedSeconds / pieces * 1e6, "us/feedback");
    report.figure("state of a subject", mean(Trial.Result::bytesPerSubject), "bytes");
    report.figure("state of a prompt", mean(Trial.Result::bytesPerPrompt), "bytes");
    return report.exitCode();
  }

  private void show(String crowd, boolean bars) {
    runs.forEach(
        (attack, all) -> {
          String name = crowd + ", " + attack + ": ";
          figure(name + "lies", all, run -> run.after().liesShare(), bars, true);
          figure(name + "honest keep", all, Run::kept, bars, false);
          figure(name + "of the guarded calm", all, Run::keptOfCalm, bars, false);
          show(name + "of what is no mistake", all, run -> run.after().soundKept(run.free()));
          show(name + "busiest tenth keeps", all, run -> run.after().busiestKept(run.free()));
          show(name + "liars, truths included", all, run -> run.after().liarsShare());
        });
  }

  private void figure(
      String name, List<Run> all, ToDoubleFunction<Run> figure, boolean bar, boolean most) {
    double[] sorted = all.stream().mapToDouble(figure).sorted().toArray();
    double worst = most ? sorted[sorted.length - 1] : sorted[0];
    if (!bar) {
      report.figure(name + ", worst", worst, "");
    } else if (most) {
      report.atMost(name + ", worst", worst, MOST_LIES, "");
    } else {
      report.atLeast(name + ", worst", worst, LEAST_KEPT, "");
    }
    report.figure(name + ", median", Report.median(sorted), "");
  }

  private void show(String name, List<Run> all, ToDoubleFunction<Run> figure) {
    double[] values = all.stream().mapToDouble(figure).toArray();
    report.figure(name + ", median", Report.median(values), "");
  }

  private double mean(ToDoubleFunction<Trial.Result> figure) {
    return results.stream().mapToDouble(figure).average().orElse(0);
  }

  private void crowd(int seed, int subjects, Tail tail) {
    int liars = subjects / SUBJECTS_A_LIAR;
    List<Said> truth = new Crowd(seed, subjects - liars, tail).say(Duration.ZERO, DAY);
    Outcome free = Trial.unguarded(partitions).run(truth).outcome();
    Outcome calm = Trial.guarded(partitions).run(truth).outcome();
    add("nobody lies", seed, new Run(free, calm, calm));
    for (Attack attack : Attack.values()) {
      List<Said> all = new ArrayList<>(truth);
      all.addAll(attack.say(seed + 1_000L, liars, truth.size() * 3 / 2, DAY));
      Trial.Result result = Trial.guarded(partitions).run(all);
      seconds += result.seconds();
      unguardedSeconds += Trial.unguarded(partitions).run(all).seconds();
      pieces += all.size();
      results.add(result);
      String name = attack.name().toLowerCase(Locale.ROOT).replace('_', ' ');
      add(name, seed, new Run(free, calm, result.outcome()));
    }
  }

  private void add(String name, int seed, Run run) {
    runs.computeIfAbsent(name, n -> new ArrayList<>()).add(run);
    if (cells != 0) {
      System.out.printf(
          "%-24s seed %d: lies %.3f, keep %.3f, sound %.3f, busiest %.3f, of calm %.3f, liars %.3f"
              + " %s%n",
          name,
          seed,
          run.after().liesShare(),
          run.kept(),
          run.after().soundKept(run.free()),
          run.after().busiestKept(run.free()),
          run.keptOfCalm(),
          run.after().liarsShare(),
          run.after().dampings());
    }
  }
}
